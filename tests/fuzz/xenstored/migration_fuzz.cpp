// A stream of another xenstored, of any bytes: what is read is written again as it was read, and a
// daemon goes on with it and stays sound.
#include <cstdint>
#include <cstdlib>

#include "harness.hpp"
#include "xenstored/migration_stream.hpp"

using namespace stemma::xenstored;
using namespace stemma::xenstored::test;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    auto handover = read_stream({reinterpret_cast<const char*>(data), size});
    if (!handover) return 0;
    const std::string written = write_stream(*handover, {2, true});
    const auto again = read_stream(written);
    if (!again || write_stream(*again, {2, true}) != written) std::abort();
    if (!read_stream(write_stream(*handover, {1, false}))) std::abort();

    Lab lab;
    for (const auto& [id, domain] : handover->state.domains) {
        if (id % 2 == 0) lab.make(id);  // the others have died
    }
    auto wire = std::make_shared<Wire>();
    lab.server.restore(handover->state,
                       [&](ConnectionId, int) { return std::make_unique<WireTransport>(wire); });
    lab.settle();
    if (!lab.consistent()) std::abort();
    auto client = lab.socket();
    client.list("/");
    return 0;
}
