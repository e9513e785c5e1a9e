#include "net/arp_mirror.hpp"

#include <catch2/catch.hpp>

#include "frames.hpp"
#include "test_port.hpp"

using namespace stemma::net;
using namespace stemma::net::test;
using stemma::rt::Duration;
using stemma::rt::MirrorChange;
using Held = stemma::rt::MirrorSource::Held;

namespace {

struct Router {
    TestPort port0{mac(1)};
    TestPort port1{mac(2)};
    TestEntropy entropy;
    TestClock clock;
    Interface outside{0, port0, {*parse_interface("10.0.0.1/24"), std::nullopt}, entropy};
    Interface inside{1, port1, {*parse_interface("10.0.1.1/24"), std::nullopt}, entropy};
    ArpMirror mirror{clock, {&outside, &inside}};

    std::optional<MirrorChange> next() {
        MirrorChange change;
        if (!mirror.next(change)) return std::nullopt;
        return change;
    }
    Held held(std::string_view path) {
        value.clear();
        return mirror.held(path, value);
    }
    std::string value;
};

}  // namespace

TEST_CASE("an ARP entry is shown under its vif and address with MAC and expiry") {
    Router r;
    CHECK(!r.mirror.has_changes());
    r.inside.arp().learn(ip("10.0.1.2"), mac(7), true, r.clock.now());
    CHECK(r.mirror.has_changes());
    CHECK(r.held("1/10-0-1-2") == Held::absent);
    auto change = r.next();
    REQUIRE(change);
    CHECK(change->kind == MirrorChange::Kind::insert);
    CHECK(change->path == "1/10-0-1-2");
    CHECK(change->value == "02:16:3e:00:00:07 1700000060");
    CHECK(r.held("1/10-0-1-2") == Held::present);
    CHECK(r.value == change->value);
    CHECK(!r.next());

    r.inside.arp().learn(ip("10.0.1.2"), mac(8), true, r.clock.now());
    CHECK(r.held("1/10-0-1-2") == Held::present);
    CHECK(r.value == "02:16:3e:00:00:07 1700000060");
    change = r.next();
    REQUIRE(change);
    CHECK(change->kind == MirrorChange::Kind::update);

    r.clock.advance(Duration::seconds(120));
    r.inside.run(r.clock.now());
    change = r.next();
    REQUIRE(change);
    CHECK(change->kind == MirrorChange::Kind::remove);
    CHECK(r.held("1/10-0-1-2") == Held::absent);
}

TEST_CASE("what others write takes effect, and what makes no sense is put right") {
    Router r;
    r.mirror.foreign("0/10-0-0-53", "02:16:3e:00:00:09 1700000100");
    REQUIRE(r.outside.arp().find(ip("10.0.0.53")));
    CHECK(*r.outside.arp().find(ip("10.0.0.53")) == mac(9));
    CHECK(r.held("0/10-0-0-53") == Held::present);
    CHECK(r.value == "02:16:3e:00:00:09 1700000100");
    CHECK(!r.mirror.has_changes());

    for (const char* nonsense : {"", "02:16:3e:00:00:09", "02:16:3e:00:00:09 1699999999",
                                 "02:16:3e:00:00:09 x", "ff:ff:ff:ff:ff:ff 1700000100", "x 1"}) {
        INFO(nonsense);
        r.mirror.foreign("0/10-0-0-53", nonsense);
        CHECK(*r.outside.arp().find(ip("10.0.0.53")) == mac(9));
        auto change = r.next();
        REQUIRE(change);
        CHECK(change->value == "02:16:3e:00:00:09 1700000100");

        r.mirror.foreign("0/10-0-0-54", nonsense);
        change = r.next();
        REQUIRE(change);
        CHECK(change->kind == MirrorChange::Kind::remove);
        CHECK(change->path == "0/10-0-0-54");
    }
    r.mirror.foreign("0/10-0-0-53", std::nullopt);
    CHECK(!r.outside.arp().find(ip("10.0.0.53")));
    CHECK(r.held("0/10-0-0-53") == Held::absent);
    CHECK(!r.mirror.has_changes());
}

TEST_CASE("paths that are no entry are told from entries") {
    Router r;
    for (const char* path : {"", "0", "2/10-0-0-1", "0/10-0-0", "0/10-0-0-1/x", "x/10-0-0-1"})
        CHECK(r.held(path) == Held::not_an_entry);
    CHECK(r.held("1/10-0-0-1") == Held::absent);
    r.mirror.foreign("nonsense", "x");
    CHECK(!r.mirror.has_changes());
}

TEST_CASE("the shown entries below a directory are each seen once") {
    Router r;
    for (std::uint8_t i = 2; i < 6; ++i) {
        r.outside.arp().learn({0x0a000000U + i}, mac(i), true, r.clock.now());
        r.inside.arp().learn({0x0a000100U + i}, mac(i), true, r.clock.now());
    }
    while (r.next()) {
    }
    const auto below = [&](std::string_view directory) {
        std::vector<std::string> paths;
        std::uint64_t cursor = 0;
        std::string path;
        while (r.mirror.next_below(directory, cursor, path))
            paths.push_back(path);
        std::sort(paths.begin(), paths.end());
        return paths;
    };
    CHECK(below("").size() == 8);
    CHECK(below("1") ==
          std::vector<std::string>{"1/10-0-1-2", "1/10-0-1-3", "1/10-0-1-4", "1/10-0-1-5"});
    CHECK(below("0/10-0-0-2") == std::vector<std::string>{"0/10-0-0-2"});
    CHECK(below("2").empty());
}

TEST_CASE("a former guest's entry is used and mirrored again, unless it has expired") {
    Router r;
    CHECK(r.mirror.restore("0/10-0-0-53", "02:16:3e:00:00:09 1700000100"));
    CHECK(!r.mirror.restore("0/10-0-0-54", "02:16:3e:00:00:09 1699999999"));
    CHECK(!r.mirror.restore("0/10-9-0-54", "02:16:3e:00:00:09 1700000100"));
    CHECK(!r.mirror.restore("7/10-0-0-54", "02:16:3e:00:00:09 1700000100"));
    CHECK(!r.mirror.restore("0/10-0-0-54", "junk"));
    CHECK(*r.outside.arp().find(ip("10.0.0.53")) == mac(9));
    const auto change = r.next();
    REQUIRE(change);
    CHECK(change->kind == MirrorChange::Kind::insert);
    CHECK(change->value == "02:16:3e:00:00:09 1700000100");
    CHECK(!r.next());
}
