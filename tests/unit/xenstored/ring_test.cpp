// A domain's ring, served: stock behaviour, and what a hostile domain can do to its own page.
#include <catch2/catch.hpp>
#include <random>

#include "harness.hpp"

using namespace stemma;
using namespace stemma::xenstored;
using namespace stemma::xenstored::test;
using namespace std::string_literals;

namespace {

std::uint32_t word(const Page& page, std::size_t offset) {
    std::uint32_t value;
    std::memcpy(&value, page.bytes.data() + offset, sizeof value);
    return value;
}

void set_word(Page& page, std::size_t offset, std::uint32_t value) {
    std::memcpy(page.bytes.data() + offset, &value, sizeof value);
}

bool introduced(Lab& lab, xs::DomainId id) {
    auto tool = lab.socket();
    return tool.ask(MessageType::is_domain_introduced, std::to_string(id) + '\0') == "T|";
}

}  // namespace

TEST_CASE("requests and replies longer than the ring travel in pieces") {
    Lab lab;
    auto tool = lab.socket();
    auto guest = lab.domain(5);
    tool.mkdir("/local/domain/5");
    tool.set_perms("/local/domain/5", "n5");
    lab.server.domains().set_limit(*find_quota("node-size"), 5000);
    const std::string value(3900, 'v');
    for (int i = 0; i < 5; ++i) {
        CHECK(guest.write("data", value + std::to_string(i)) == "OK|");
        CHECK(guest.read("data") == value + std::to_string(i));
    }
    CHECK(guest.page->notified > 0);
}

TEST_CASE("the page says which features the server has") {
    Lab lab;
    auto guest = lab.domain(5);
    CHECK(word(*guest.page, xs::ring_page::server_features) == 15);
    CHECK(word(*guest.page, xs::ring_page::error) == 0);
    CHECK(word(*guest.page, xs::ring_page::connection) == 0);
}

TEST_CASE("a lying index ends the service of that domain, and of no other") {
    const struct {
        std::size_t index;
        std::uint32_t value;
    } cases[] = {{xs::ring_page::request_producer, 1025},
                 {xs::ring_page::request_producer, 0xffffffff},
                 {xs::ring_page::reply_consumer, 1},
                 {xs::ring_page::reply_consumer, 0x80000000}};
    for (const auto& c : cases) {
        CAPTURE(c.index, c.value);
        Lab lab;
        auto other = lab.domain(6);
        auto guest = lab.domain(5);
        auto watcher = lab.socket();
        watcher.watch("@releaseDomain", "t");
        watcher.take_events();
        guest.watch("/x", "t");
        guest.start();
        if (c.index == xs::ring_page::reply_consumer) {
            // seen when there is something to reply
            guest.send(encoded(MessageType::get_domain_path, "5\0"s, 0));
            set_word(*guest.page, c.index, word(*guest.page, c.index) + c.value);
            guest.receive();
        } else {
            set_word(*guest.page, c.index, word(*guest.page, c.index) + c.value);
            lab.server.domain_notified(5);
            lab.settle();
        }
        CHECK(word(*guest.page, xs::ring_page::error) ==
              static_cast<std::uint32_t>(xs::RingError::indexes));
        CHECK(lab.server.stats().quarantined == 1);
        CHECK(lab.server.connections().watches().size() == 1);
        CHECK(other.ask_path(MessageType::get_domain_path, "6") == "/local/domain/6|");
        // it is still a domain, and its end is told (XSA-325)
        CHECK(introduced(lab, 5));
        CHECK(watcher.take_events().empty());
        lab.kill(5);
        CHECK(watcher.take_events() == std::vector{"@releaseDomain|t|"s});
        CHECK_FALSE(introduced(lab, 5));
    }
}

TEST_CASE("a message that announces too much ends the service") {
    Lab lab;
    auto guest = lab.domain(5);
    std::string header(xs::Header::size, '\0');
    xs::Header{MessageType::read, 0, 0, 4097}.write(
        std::as_writable_bytes(std::span(header)).first<16>());
    guest.send(header);
    guest.receive();
    CHECK(word(*guest.page, xs::ring_page::error) ==
          static_cast<std::uint32_t>(xs::RingError::protocol));
    guest.send(encoded(MessageType::get_domain_path, "5\0"s, 0));
    guest.receive();
    CHECK(guest.received.empty());
}

TEST_CASE("domain 0's kernel, too, is served no more if it breaks the protocol, and told so") {
    Lab lab;
    const auto page = lab.make(0);
    lab.server.domain_found(0, 1);
    set_word(*page, xs::ring_page::request_producer, 5000);
    lab.server.domain_notified(0);
    lab.settle();
    CHECK(page->bound);
    CHECK(word(*page, xs::ring_page::error) == static_cast<std::uint32_t>(xs::RingError::indexes));
    CHECK(lab.server.stats().quarantined == 1);
    CHECK(lab.socket().read("/tool") == "");
}

TEST_CASE("a domain that forgets to ring is served when anybody else wakes the daemon") {
    Lab lab;
    std::vector<RingClient> guests;
    constexpr std::size_t many = 2 * Server::rings_per_look + 3;
    for (std::size_t i = 1; i <= many; ++i)
        guests.push_back(lab.domain(static_cast<xs::DomainId>(i)));
    const std::string request = encoded(MessageType::get_domain_path, "9\0"s, 0);
    for (RingClient& guest : guests)
        REQUIRE(guest.ring.write(std::as_bytes(std::span(request))) == request.size());
    for (std::size_t turn = 0; turn * Server::rings_per_look < many; ++turn)
        lab.settle();
    for (RingClient& guest : guests) {
        guest.receive();
        REQUIRE(guest.received.size() == 1);
        CHECK(guest.page->notified > 0);
    }
}

TEST_CASE("INTRODUCE again begins anew: watches, transactions, half a message, both rings") {
    Lab lab;
    auto tool = lab.socket();
    tool.watch("@introduceDomain", "t");
    auto guest = lab.domain(5);
    CHECK(tool.take_events() == std::vector{"@introduceDomain|t|"s, "@introduceDomain|t|"s});
    guest.watch("/x", "t");
    const auto id = guest.start();
    guest.send(encoded(MessageType::read, "/x\0"s, 0).substr(0, 9));
    guest.receive();
    CHECK(tool.ask(MessageType::introduce,
                   "5\0"
                   "1\0"
                   "1\0"s) == "OK|");
    CHECK(word(*guest.page, xs::ring_page::request_producer) == 0);
    CHECK(lab.server.connections().watches().size() == 1);
    RingClient again(lab, 5, guest.page);
    CHECK(again.read("/", id) == "!ENOENT");
    CHECK(again.ask_path(MessageType::get_domain_path, "5") == "/local/domain/5|");
    CHECK(tool.take_events().empty());
}

TEST_CASE("a quarantined domain is served again after INTRODUCE") {
    Lab lab;
    auto tool = lab.socket();
    auto guest = lab.domain(5);
    set_word(*guest.page, xs::ring_page::request_producer, 5000);
    lab.server.domain_notified(5);
    lab.settle();
    CHECK(lab.server.stats().quarantined == 1);
    CHECK(tool.ask(MessageType::introduce,
                   "5\0"
                   "1\0"
                   "1\0"s) == "OK|");
    CHECK(word(*guest.page, xs::ring_page::error) == 0);
    RingClient again(lab, 5, guest.page);
    CHECK(again.ask_path(MessageType::get_domain_path, "5") == "/local/domain/5|");
}

TEST_CASE("a domain that asks for a new connection gets one") {
    Lab lab;
    auto guest = lab.domain(5);
    guest.watch("/x", "t");
    guest.send(encoded(MessageType::read, "/x\0"s, 0).substr(0, 9));
    guest.receive();
    set_word(*guest.page, xs::ring_page::connection, 1);
    lab.server.domain_notified(5);
    lab.settle();
    CHECK(word(*guest.page, xs::ring_page::connection) == 0);
    CHECK(word(*guest.page, xs::ring_page::request_producer) == 0);
    CHECK(lab.server.connections().watches().size() == 0);
    RingClient again(lab, 5, guest.page);
    CHECK(again.ask_path(MessageType::get_domain_path, "5") == "/local/domain/5|");
}

TEST_CASE("a domain that takes no replies is read no more, and loses nothing") {
    Lab lab;
    auto guest = lab.domain(5);
    guest.held_back = 1;
    for (int i = 0; i < 100; ++i)
        guest.send(encoded(MessageType::get_domain_path, "5\0"s, 0));
    guest.receive();
    const auto* domain = lab.server.domains().find(5);
    const Connection* connection = lab.server.connections().find(domain->connection);
    CHECK(connection->out.replies() <= lab.server.domains().limits().outstanding);
    guest.held_back = 0;
    for (int i = 0; i < 20; ++i)
        guest.receive();
    CHECK(guest.received.size() == 100);
}

TEST_CASE("bytes of any kind, and indexes of any kind, harm nobody else") {
    std::mt19937 random(3);
    for (int round = 0; round < 60; ++round) {
        Lab lab;
        auto guest = lab.domain(5);
        auto tool = lab.socket();
        for (int step = 0; step < 40; ++step) {
            if (random() % 4 == 0) {
                set_word(*guest.page, 2048 + 4 * (random() % 8),
                         static_cast<std::uint32_t>(random()));
            } else {
                for (int i = 0; i < 64; ++i)
                    guest.page->bytes[random() % 2048] = static_cast<std::byte>(random() % 30);
                const auto consumed = word(*guest.page, xs::ring_page::request_consumer);
                set_word(*guest.page, xs::ring_page::request_producer,
                         consumed + static_cast<std::uint32_t>(random() % 1025));
            }
            lab.server.domain_notified(5);
            lab.settle();
        }
        CHECK(tool.write("/still", "here") == "OK|");
        REQUIRE(lab.consistent());
        lab.kill(5);
        REQUIRE(lab.consistent());
    }
}

TEST_CASE("a domain that was there before the daemon is answered what it has asked already") {
    Lab lab;
    auto watcher = lab.socket();
    watcher.watch("@introduceDomain", "t");
    watcher.take_events();
    for (const xs::DomainId id : {xs::DomainId{0}, xs::DomainId{5}}) {
        CAPTURE(id);
        const auto page = lab.make(id);
        // indexes that have come a long way, and one request that waits
        for (const auto index : {xs::ring_page::request_consumer, xs::ring_page::request_producer,
                                 xs::ring_page::reply_consumer, xs::ring_page::reply_producer}) {
            set_word(*page, index, 0xfffffff8);
        }
        RingClient guest(lab, id, page);
        const std::string request = encoded(MessageType::get_domain_path, "9\0"s, 0);
        REQUIRE(guest.ring.write(std::as_bytes(std::span(request))) == request.size());
        lab.server.domain_found(id, 1);
        CHECK(page->notified == 1);
        lab.settle();
        guest.receive();
        REQUIRE(guest.received.size() == 1);
        CHECK(shown(guest.received.front().payload) == "/local/domain/9|");
        guest.received.clear();
        // domain 0's ring may do what its sockets may
        CHECK((guest.write("/written", "x") == "OK|") == (id == 0));
    }
    CHECK(watcher.take_events() == std::vector{"@introduceDomain|t|"s});
}

TEST_CASE("a domain whose ring cannot be had at the start may still be introduced") {
    Lab lab;
    lab.make(5);
    lab.server.domain_found(5, 2);  // a port that it has not
    CHECK_FALSE(introduced(lab, 5));
    auto guest = lab.domain(5);
    CHECK(guest.ask_path(MessageType::get_domain_path, "5") == "/local/domain/5|");
}

TEST_CASE("a domain that is served no more cannot wake the daemon") {
    Lab lab;
    auto guest = lab.domain(5);
    set_word(*guest.page, xs::ring_page::request_producer, 5000);
    lab.server.domain_notified(5);
    lab.settle();
    CHECK(guest.page->muted);
}
