#include "xs_wire/ring.hpp"

#include <array>
#include <catch2/catch.hpp>
#include <deque>
#include <random>
#include <vector>

#include "xs_wire/error.hpp"
#include "xs_wire/hosted_link.hpp"
#include "xs_wire/message.hpp"

using namespace stemma::xs;

namespace {
struct alignas(4096) Page {
    std::array<std::byte, ring_page::size> bytes{};
};
}  // namespace

TEST_CASE("bytes cross a ring in order whatever the sizes, as a queue would carry them") {
    Page page;
    // start just before the indexes wrap
    RingEnd(page.bytes.data(), RingEnd::Side::server).set_word(ring_page::request_producer, -100u);
    RingEnd(page.bytes.data(), RingEnd::Side::server).set_word(ring_page::request_consumer, -100u);
    RingEnd server(page.bytes.data(), RingEnd::Side::server);
    RingEnd client(page.bytes.data(), RingEnd::Side::client);
    std::mt19937 random(7);
    std::deque<std::byte> model;
    for (int i = 0; i < 5000; ++i) {
        std::vector<std::byte> out(random() % 1500);
        for (auto& b : out)
            b = static_cast<std::byte>(random());
        const auto wrote = client.write(out);
        REQUIRE(wrote);
        CHECK(*wrote == std::min(out.size(), ring_page::ring_size - model.size()));
        model.insert(model.end(), out.begin(), out.begin() + static_cast<std::ptrdiff_t>(*wrote));
        std::vector<std::byte> in(random() % 1500);
        const auto got = server.read(in);
        REQUIRE(got);
        REQUIRE(*got == std::min(in.size(), model.size()));
        for (std::size_t k = 0; k < *got; ++k) {
            REQUIRE(in[k] == model.front());
            model.pop_front();
        }
    }
}

TEST_CASE("a lying index is a fault and moves nothing") {
    Page page;
    RingEnd server(page.bytes.data(), RingEnd::Side::server);
    std::array<std::byte, 16> buffer{};
    server.set_word(ring_page::request_producer, 1025);
    CHECK_FALSE(server.read(buffer));
    server.set_word(ring_page::reply_consumer, 1);  // ahead of what was produced
    CHECK_FALSE(server.write(buffer));
    CHECK(server.word(ring_page::request_consumer) == 0);
    CHECK(server.word(ring_page::reply_producer) == 0);
}

TEST_CASE("a peer that rewrites this end's indexes changes nothing here") {
    Page page;
    RingEnd server(page.bytes.data(), RingEnd::Side::server);
    RingEnd client(page.bytes.data(), RingEnd::Side::client);
    const std::array<std::byte, 4> word{std::byte{1}, std::byte{2}, std::byte{3}, std::byte{4}};
    REQUIRE(client.write(word));
    client.set_word(ring_page::request_consumer, 900);
    std::array<std::byte, 8> in{};
    CHECK(server.read(in) == 4u);
    CHECK(in[3] == std::byte{4});
}

TEST_CASE("a header is four words, and keeps what it does not understand") {
    std::array<std::byte, Header::size> bytes{};
    const Header header{MessageType::watch_event, 1, 2, 70000};
    header.write(bytes);
    CHECK(bytes[0] == std::byte{15});
    const auto back = Header::read(bytes);
    CHECK(back.type == MessageType::watch_event);
    CHECK(back.request_id == 1);
    CHECK(back.transaction_id == 2);
    CHECK(back.length == 70000);
}

TEST_CASE("error names are those of the protocol and unknown ones are EINVAL") {
    for (const auto text : error_names)
        CHECK(name(error_from_name(text)) == text);
    CHECK(error_from_name(std::string_view("EAGAIN\0", 7)) == Error::eagain);
    CHECK(error_from_name("EQUOTA") == Error::einval);
}
