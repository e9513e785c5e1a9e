#include "toolstack/agent/console_buffer.hpp"

#include <catch2/catch.hpp>

#include <random>

namespace stemma::toolstack {

TEST_CASE("bytes that could act on a terminal are shown, not passed on") {
    ConsoleBuffer buffer;
    buffer.append("ok\tline\n\x1b[31mred\r\xff");
    buffer.append(std::string_view("\0", 1));
    CHECK(buffer.read(0, 1000).text == "ok\tline\n\\x1b[31mred\\x0d\\xff\\x00");
}

TEST_CASE("a reader that keeps up sees every byte once, one that does not sees the newest 64 KB") {
    std::mt19937 random(3);
    ConsoleBuffer buffer;
    std::string written, read;
    std::uint64_t offset = 0;
    for (int round = 0; round < 300; ++round) {
        std::string piece(random() % 2000, static_cast<char>('a' + random() % 26));
        buffer.append(piece);
        written += piece;
        for (;;) {
            const auto part = buffer.read(offset, 1 + random() % 5000);
            if (part.text.empty()) break;
            read += part.text;
            offset = part.next;
        }
    }
    CHECK(read == written);
    CHECK(buffer.end() == written.size());
    REQUIRE(written.size() > ConsoleBuffer::bytes_max);
    const auto part = buffer.read(0, 1u << 20);
    CHECK(part.text == written.substr(written.size() - ConsoleBuffer::bytes_max));
    CHECK(part.next == written.size());
    CHECK(buffer.read(UINT64_MAX, 10).text.empty());
}

}  // namespace stemma::toolstack
