#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "net/ethernet.hpp"
#include "net/ipv4_header.hpp"
#include "unix/command_line.hpp"
#include "unix/partial_checksum.hpp"

// What comes from outside into the edge: frames with a partial checksum, and the command line.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace stemma;
    std::vector<std::uint8_t> frame(data, data + size);
    const std::vector<std::uint8_t> before = frame;
    if (hosted::complete_checksum(frame)) {
        const auto packet = std::span(frame).subspan(net::EthernetHeader::size);
        const auto ip = net::Ipv4Header::read(packet);
        const auto sum =
            net::transport_checksum(ip->source, ip->destination, ip->protocol, ip->payload(packet));
        if (sum != 0) std::abort();
    } else if (frame != before) {
        std::abort();
    }

    std::vector<std::string> words(1);
    for (std::size_t i = 0; i < size; ++i) {
        if (data[i] == 0 || data[i] == '\n') {
            words.emplace_back();
        } else {
            words.back() += static_cast<char>(data[i]);
        }
    }
    std::vector<const char*> pointers;
    for (const auto& word : words)
        pointers.push_back(word.c_str());
    (void)hosted::CommandLine::parse(pointers);
    return 0;
}
