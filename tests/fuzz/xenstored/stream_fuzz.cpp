// Bytes as they come from a socket, in pieces of any size: no assumption about what they are.
#include <cstdint>
#include <cstdlib>

#include "harness.hpp"

using namespace stemma::xenstored;
using namespace stemma::xenstored::test;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Lab lab;
    auto first = lab.socket();
    auto second = lab.socket();
    std::size_t at = 0;
    while (at < size) {
        const std::size_t piece = std::min<std::size_t>(1 + data[at] % 64, size - at);
        auto& client = data[at] & 64 ? first : second;
        client.send({reinterpret_cast<const char*>(data + at), piece});
        at += piece;
        lab.serve(client);
        client.received.clear();
    }
    if (!lab.consistent()) std::abort();
    auto last = lab.socket();
    if (last.write("/still/here", "1") != "OK|") std::abort();
    return 0;
}
