// What gather() finds on this machine, that it says so, and what it makes of a seed.
#include <algorithm>
#include <array>
#include <cstdint>
#include <string>

#include "xen/bare_machine.hpp"
#include "xen/self_test.hpp"

namespace stemma::xen {

namespace {

std::uint64_t first_with(std::uint8_t seed) {
    std::array<std::uint8_t, seed_least> bytes;
    bytes.fill(seed);
    ChaChaEntropy entropy;
    gather(entropy, bytes);
    return entropy.get<std::uint64_t>();
}

bool wipes() {
    std::array<std::uint8_t, seed_least> bytes;
    bytes.fill(1);
    ChaChaEntropy entropy;
    const EntropySources sources = gather(entropy, bytes);
    return sources.given && !sources.jitter &&
           std::ranges::all_of(bytes, [](std::uint8_t byte) { return byte == 0; });
}

}  // namespace

void check_entropy(self_test::CheckList& checks, ChaChaEntropy& entropy) {
    const EntropySources sources = gather(entropy, {});
    std::string found;
    if (sources.rdrand) found += " RDRAND";
    if (sources.rdseed) found += " RDSEED";
    if (sources.jitter) found += " jitter";
    SerialConsole().line("self-test: sources of entropy:" + (found.empty() ? " none" : found));
    ChaChaEntropy again;
    gather(again, {});
    // Two that know the same give the same: only a source makes them differ.
    checks.check("entropy has a source, or is refused",
                 !sources.any() || entropy.get<std::uint64_t>() != again.get<std::uint64_t>());
    checks.check("a seed is enough, and is wiped", wipes());
    checks.check("another seed gives other bytes", first_with(1) != first_with(2));
}

}  // namespace stemma::xen
