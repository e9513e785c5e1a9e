// A domain that writes what it likes into its page, indexes included, between the daemon's turns.
// The daemon must go on serving others and keep its accounts.
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "harness.hpp"

using namespace stemma;
using namespace stemma::xenstored;
using namespace stemma::xenstored::test;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Lab lab;
    auto guest = lab.domain(5);
    auto tool = lab.socket();
    tool.mkdir("/local/domain/5");
    tool.set_perms("/local/domain/5", "n5");
    std::byte* const page = guest.page->bytes.data();
    std::size_t at = 0;
    const auto byte = [&] { return at < size ? data[at++] : std::uint8_t{0}; };
    while (at < size) {
        std::uint32_t word = 0;
        switch (byte() % 6) {
            case 0: {  // any of the eight words
                const std::size_t offset = 2048 + 4 * (byte() % 8);
                for (int i = 0; i < 4; ++i)
                    word = word << 8 | byte();
                std::memcpy(page + offset, &word, sizeof word);
                break;
            }
            case 1:  // replies taken
                std::memcpy(page + xs::ring_page::reply_consumer,
                            page + xs::ring_page::reply_producer, 4);
                break;
            default: {  // bytes, honestly announced
                const std::size_t count = byte() % 80;
                std::memcpy(&word, page + xs::ring_page::request_producer, sizeof word);
                for (std::size_t i = 0; i < count; ++i)
                    page[(word + i) % xs::ring_page::ring_size] = std::byte{byte()};
                word += static_cast<std::uint32_t>(count);
                std::memcpy(page + xs::ring_page::request_producer, &word, sizeof word);
                break;
            }
        }
        lab.server.domain_notified(5);
        lab.settle();
        if (byte() % 64 == 0) {
            tool.ask(MessageType::introduce, std::string("5\0001\0001\0", 6));
        }
    }
    if (!lab.consistent()) std::abort();
    if (tool.write("/still/here", "1") != "OK|") std::abort();
    lab.kill(5);
    if (!lab.consistent()) std::abort();
    return 0;
}
