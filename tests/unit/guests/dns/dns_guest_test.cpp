#include "dns/dns_guest.hpp"

#include <catch2/catch.hpp>
#include <set>

#include "../net/frames.hpp"
#include "../net/test_port.hpp"
#include "message_decoder.hpp"
#include "query_bytes.hpp"
#include "rt/saved_state.hpp"
#include "zone_in_store.hpp"

using namespace stemma;
using namespace stemma::dns_test;
using net::test::ip;
using net::test::mac;

namespace {

class Lines final : public rt::Console {
  public:
    void line(std::string_view text) override { lines.emplace_back(text); }
    std::vector<std::string> lines;
};

struct Rig {
    explicit Rig(std::string_view arguments =
                     "address=vif0,10.0.0.53/24 gateway=10.0.0.1 zone=/stemma/zones/example_2eorg",
                 std::span<const std::uint8_t> saved = {})
        : guest(rt::make_guest({ports, clock, entropy, console, store, arguments, saved})) {}

    net::test::TestPort port{mac(53)};
    rt::Port* const ports[1] = {&port};
    net::test::TestClock clock;
    net::test::TestEntropy entropy;
    Lines console;
    rt::FakeStore store;
    std::unique_ptr<rt::Guest> guest;

    void settle() {
        for (int quiet = 0; quiet < 20;) {
            guest->run(clock.now());
            quiet = store.run() == 0 ? quiet + 1 : 0;
            clock.advance(rt::Duration::milliseconds(100));
        }
    }
    net::test::Peers client(std::uint16_t source_port = 4000) const {
        return {mac(53), mac(2), {ip("10.0.0.53"), 53}, {ip("10.0.0.2"), source_port}};
    }
    // The reply to a query by UDP, every checksum verified.
    std::optional<DecodedMessage> ask(std::string_view name, const net::test::Peers& peers) {
        port.take_sent();
        port.inject(net::test::udp_frame(peers, make_query(name, 1)));
        guest->run(clock.now());
        for (const auto& frame : port.take_sent()) {
            const auto parsed = net::test::Parsed::read(frame);
            if (!parsed || !parsed->udp) continue;
            CHECK(parsed->ethernet.destination == peers.from_mac);
            CHECK(parsed->ip.destination == peers.from.address);
            CHECK(parsed->udp->source_port == 53);
            CHECK(parsed->udp->destination_port == peers.from.port);
            return decode(parsed->data);
        }
        return std::nullopt;
    }
    std::string address_of(std::string_view name) {
        const auto m = ask(name, client());
        if (!m) return "no answer";
        if (m->sections[0].empty()) return "rcode " + std::to_string(m->rcode);
        return m->sections[0][0].data;
    }
    bool said(std::string_view text) const {
        return std::ranges::any_of(console.lines, [&](const std::string& line) {
            return line.find(text) != std::string::npos;
        });
    }
};

}  // namespace

TEST_CASE("the guest is ready once it serves, and says what") {
    Rig rig;
    REQUIRE(rig.guest);
    rig.settle();
    CHECK(rig.address_of("ns.example.org") == "rcode 2");
    CHECK_FALSE(rig.store.value("data/ready"));
    CHECK(rig.store.value("data/net/dns/status") == "waiting");

    put_zone(rig.store, small_zone("10.0.0.1"), "5");
    rig.settle();
    CHECK(rig.store.value("data/ready") == "1");
    CHECK(rig.address_of("ns.example.org") == "10.0.0.1");
    CHECK(rig.said("zone example.org.: serving serial 5 (SOA 7), 3 records"));
    CHECK(rig.store.value("data/net/dns/status") == "serving");
    CHECK(rig.store.value("data/net/dns/serial") == "5");
    CHECK(rig.store.value("data/net/dns/soa") == "7");
    CHECK(rig.store.value("data/net/dns/records") == "3");
    CHECK(rig.store.value("data/net/dns/error") == "");
}

TEST_CASE("a new copy replaces the old, a bad one does not") {
    Rig rig;
    put_zone(rig.store, small_zone("10.0.0.1"), "5");
    rig.settle();
    put_zone(rig.store, small_zone("10.0.0.2"), "6");
    rig.settle();
    CHECK(rig.address_of("ns.example.org") == "10.0.0.2");

    put_zone(rig.store, small_zone("10.0.0.3", "broken\n"), "7");
    rig.settle();
    CHECK(rig.address_of("ns.example.org") == "10.0.0.2");
    CHECK(rig.said("zone refused: serial 7: line 5: record without a type; serial 6 is served on"));
    CHECK(rig.store.value("data/net/dns/status") == "kept");
    CHECK(rig.store.value("data/net/dns/serial") == "6");
    CHECK(rig.store.value("data/net/dns/error") == "serial 7: line 5: record without a type");
    CHECK(rig.store.value("data/net/dns/refusals") == "1");
    CHECK(rig.store.value("data/net/dns/reloads") == "2");

    put_zone(rig.store, small_zone("10.0.0.4"), "8");
    rig.settle();
    CHECK(rig.address_of("ns.example.org") == "10.0.0.4");
    CHECK(rig.store.value("data/net/dns/status") == "serving");
    CHECK(rig.store.value("data/net/dns/error") == "");
}

TEST_CASE("queries are answered while a new copy is read") {
    Rig rig;
    put_zone(rig.store, small_zone("10.0.0.1"), "5");
    rig.settle();
    std::string text = small_zone("10.0.0.2");
    for (int i = 0; i < 500; ++i)
        text.append("host").append(std::to_string(i)).append(" A 10.0.0.9\n");
    put_zone(rig.store, text, "6", 50);
    std::set<std::string> seen;
    for (int i = 0; i < 2000; ++i) {
        rig.store.step();
        seen.insert(rig.address_of("ns.example.org"));
        if (i % 50 == 0) rig.clock.advance(rt::Duration::milliseconds(100));
    }
    CHECK(seen == std::set<std::string>{"10.0.0.1", "10.0.0.2"});
}

TEST_CASE("warnings are told, the first of them") {
    Rig rig;
    std::string more;
    for (int i = 0; i < 20; ++i)
        more.append("sub").append(std::to_string(i)).append(" NS ns\n TXT hidden\n");
    put_zone(rig.store, small_zone("10.0.0.1", more), "5");
    rig.settle();
    CHECK(rig.said("warning: line 6: sub0.example.org.: TXT is hidden by a delegation"));
    CHECK(rig.said("and 12 more warnings"));
    CHECK(rig.address_of("ns.example.org") == "10.0.0.1");
}

TEST_CASE("counters appear in the store") {
    Rig rig;
    put_zone(rig.store, small_zone("10.0.0.1"), "5");
    rig.settle();
    rig.address_of("ns.example.org");
    rig.address_of("nothere.example.org");
    rig.address_of("example.com");
    rig.settle();
    CHECK(rig.store.value("data/net/dns/queries") == "3");
    CHECK(rig.store.value("data/net/dns/answers") == "1");
    CHECK(rig.store.value("data/net/dns/nxdomain") == "1");
    CHECK(rig.store.value("data/net/dns/refused") == "1");
    CHECK(rig.store.value("data/net/dns/malformed") == "0");
    CHECK(rig.store.value("data/net/stats/received"));
}

TEST_CASE("a guest with nothing to do asks for no further turn") {
    Rig rig;
    put_zone(rig.store, small_zone("10.0.0.1"), "5");
    rig.settle();
    REQUIRE(rig.address_of("ns.example.org") == "10.0.0.1");
    rt::Instant next = rig.clock.now();
    for (int turns = 0; next != rt::Instant::never() && turns < 30; ++turns) {
        if (next > rig.clock.now()) rig.clock.advance(next - rig.clock.now());
        rig.store.run();
        next = rig.guest->run(rig.clock.now());
    }
    CHECK(next == rt::Instant::never());
    CHECK(rig.store.waiting() == 0);
}

TEST_CASE("nothing is sent to addresses and ports that nobody has") {
    Rig rig;
    put_zone(rig.store, small_zone("10.0.0.1"), "5");
    rig.settle();
    auto peers = rig.client();
    REQUIRE(rig.ask("ns.example.org", peers));
    CHECK_FALSE(rig.ask("ns.example.org", rig.client(0)));
    for (const auto* from :
         {"10.0.0.255", "255.255.255.255", "224.0.0.1", "0.0.0.0", "127.0.0.1", "10.0.0.53"}) {
        CAPTURE(from);
        peers.from.address = ip(from);
        CHECK_FALSE(rig.ask("ns.example.org", peers));
    }
    peers = rig.client();
    for (const auto* to : {"10.0.0.255", "255.255.255.255", "10.0.0.54"}) {
        CAPTURE(to);
        peers.to.address = ip(to);
        CHECK_FALSE(rig.ask("ns.example.org", peers));
    }
}

TEST_CASE("a full transmit ring costs the answer, nothing else") {
    Rig rig;
    put_zone(rig.store, small_zone("10.0.0.1"), "5");
    rig.settle();
    rig.port.room = 0;
    CHECK_FALSE(rig.ask("ns.example.org", rig.client()));
    rig.port.room = SIZE_MAX;
    CHECK(rig.ask("ns.example.org", rig.client()));
}

TEST_CASE("the ARP cache is mirrored, and taken over from the guest before") {
    std::vector<std::uint8_t> saved;
    REQUIRE(rt::append_saved_entry(saved, {"arp/0/10-0-0-9", "02:16:3e:00:00:09 1700000600"}));
    REQUIRE(rt::append_saved_entry(saved, {"dns/queries", "7"}));
    Rig rig("address=vif0,10.0.0.53/24 zone=/stemma/zones/example_2eorg", saved);
    rig.settle();
    CHECK(rig.store.value("data/net/arp/0/10-0-0-9") == "02:16:3e:00:00:09 1700000600");
    CHECK(rig.store.value("data/net/dns/queries") == "0");
}

TEST_CASE("arguments that make no sense are told, and no guest is made") {
    Rig none("address=vif0,10.0.0.53/24");
    CHECK_FALSE(none.guest);
    CHECK(none.said("argument \"zone=/stemma/zones/ZONE\" is missing"));
    Rig vif("address=vif1,10.0.0.53/24 zone=/stemma/zones/example_2eorg");
    CHECK_FALSE(vif.guest);
    CHECK(vif.said("there is no vif1"));
}
