// What gather() finds on this machine, and that it says so.
#include <cstdint>
#include <string>

#include "xen/bare_machine.hpp"
#include "xen/self_test.hpp"

namespace stemma::xen {

void check_entropy(self_test::CheckList& checks, ChaChaEntropy& entropy) {
    const EntropySources sources = gather(entropy);
    std::string found;
    if (sources.rdrand) found += " RDRAND";
    if (sources.rdseed) found += " RDSEED";
    if (sources.jitter) found += " jitter";
    SerialConsole().line("self-test: sources of entropy:" + (found.empty() ? " none" : found));
    ChaChaEntropy again;
    gather(again);
    // Two that know the same give the same: only a source makes them differ.
    checks.check("entropy has a source, or is refused",
                 !sources.any() || entropy.get<std::uint64_t>() != again.get<std::uint64_t>());
}

}  // namespace stemma::xen
