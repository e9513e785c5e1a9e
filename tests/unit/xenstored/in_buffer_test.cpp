#include "xenstored/in_buffer.hpp"

#include <catch2/catch.hpp>
#include <random>

#include "harness.hpp"

using namespace stemma;
using namespace stemma::xenstored;
using test::encoded;

namespace {

// Gives the buffer up to `count` bytes of `bytes`.
void feed(InBuffer& buffer, std::string& bytes, std::size_t count) {
    const auto room = buffer.room();
    count = std::min({count, room.size(), bytes.size()});
    std::memcpy(room.data(), bytes.data(), count);
    bytes.erase(0, count);
    buffer.filled(count);
}

}  // namespace

TEST_CASE("requests come out whole and in order, however the bytes arrive") {
    std::mt19937 random(1);
    std::string stream;
    std::vector<std::string> expected;
    for (int i = 0; i < 300; ++i) {
        const std::string payload(random() % 3 == 0 ? random() % 4097 : random() % 40, 'p');
        expected.push_back(payload);
        stream += encoded(xs::MessageType::read, payload, 0);
    }
    InBuffer buffer;
    std::vector<std::string> got;
    while (!stream.empty() || buffer.ready()) {
        feed(buffer, stream, random() % 6000);
        while (buffer.ready()) {
            const auto request = buffer.next();
            REQUIRE((request && *request));
            got.emplace_back(reinterpret_cast<const char*>((*request)->payload.data()),
                             (*request)->payload.size());
        }
        const auto none = buffer.next();
        REQUIRE((none && !*none));
    }
    CHECK(got == expected);
}

TEST_CASE("a header that announces too much is known before its payload") {
    for (const std::uint32_t length : {4097u, 0x7fffffffu, 0x80000000u, 0xffffffffu}) {
        InBuffer buffer;
        std::string header(xs::Header::size, '\0');
        xs::Header{xs::MessageType::read, 0, 0, length}.write(
            std::as_writable_bytes(std::span(header)).first<16>());
        feed(buffer, header, 100);
        CHECK(buffer.ready());
        const auto request = buffer.next();
        REQUIRE_FALSE(request);
        CHECK(request.error().length == length);
    }
}

TEST_CASE("there is always room for one message more than is whole") {
    InBuffer buffer;
    std::string part = encoded(xs::MessageType::read, std::string(4096, 'x'), 0);
    part.pop_back();
    feed(buffer, part, SIZE_MAX);
    CHECK_FALSE(buffer.ready());
    CHECK(buffer.room().size() >= 1);
    std::string last = "x";
    feed(buffer, last, 1);
    CHECK(buffer.ready());
}
