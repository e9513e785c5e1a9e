#include "xen/net_rings.hpp"

#include <catch2/catch.hpp>
#include <cstring>
#include <deque>
#include <random>
#include <string>
#include <vector>

using namespace stemma;
using xen::NetRings;

namespace {

// The backend's end of the rings, as netback keeps it, over the same pages.
class Backend {
  public:
    static constexpr std::size_t page = NetRings::page_size;
    static constexpr std::uint32_t first_send_grant = 1000, first_receive_grant = 5000;

    Backend() : pages(page * (2 + 2 * NetRings::slots) + page) {
        const auto at = (reinterpret_cast<std::uintptr_t>(pages.data()) + page - 1) & ~(page - 1);
        start = reinterpret_cast<std::byte*>(at);
        for (std::uint32_t i = 0; i < NetRings::slots; ++i) {
            send_grants.push_back(first_send_grant + i);
            receive_grants.push_back(first_receive_grant + i);
        }
    }
    NetRings::Memory memory() {
        return {send_ring(), receive_ring(), start + 2 * page, start + (2 + NetRings::slots) * page,
                send_grants, receive_grants};
    }
    std::byte* send_ring() { return start; }
    std::byte* receive_ring() { return start + page; }

    static std::uint32_t word(std::byte* ring, std::size_t offset) {
        std::uint32_t value = 0;
        std::memcpy(&value, ring + offset, sizeof value);
        return value;
    }
    static void set_word(std::byte* ring, std::size_t offset, std::uint32_t value) {
        std::memcpy(ring + offset, &value, sizeof value);
    }

    // What the guest has sent; each is answered with `status` unless `hold`.
    std::vector<std::string> take_sent(std::int16_t status = 0, bool hold = false) {
        std::vector<std::string> frames;
        while (send_consumed != word(send_ring(), 0)) {
            std::byte* const slot = send_ring() + 64 + send_consumed++ % NetRings::slots * 12;
            std::uint32_t grant = 0;
            std::uint16_t fields[4];  // offset, flags, id, size
            std::memcpy(&grant, slot, 4);
            std::memcpy(fields, slot + 4, 8);
            REQUIRE(grant == first_send_grant + fields[2]);
            const auto* const bytes = reinterpret_cast<const char*>(
                start + (2 + grant - first_send_grant) * page + fields[0]);
            frames.emplace_back(bytes, fields[3]);
            held.push_back(fields[2]);
        }
        if (!hold) answer_sent(status);
        return frames;
    }
    void answer_sent(std::int16_t status = 0) {
        for (; !held.empty(); held.pop_front()) {
            std::byte* const slot = send_ring() + 64 + send_produced++ % NetRings::slots * 12;
            std::memcpy(slot, &held.front(), 2);
            std::memcpy(slot + 2, &status, 2);
        }
        set_word(send_ring(), 8, send_produced);
    }

    // Gives the guest a frame; false if it has posted no buffer.
    bool give(const std::string& frame, std::uint16_t offset = 0, std::uint16_t flags = 0) {
        if (receive_consumed == word(receive_ring(), 0)) return false;
        std::byte* slot = receive_ring() + 64 + receive_consumed++ % NetRings::slots * 8;
        std::uint16_t id = 0;
        std::uint32_t grant = 0;
        std::memcpy(&id, slot, 2);
        std::memcpy(&grant, slot + 4, 4);
        REQUIRE(grant == first_receive_grant + id);
        std::byte* const buffer = start + (2 + NetRings::slots + id) * page;
        std::memcpy(buffer + offset, frame.data(), std::min(frame.size(), page - offset));
        respond(id, offset, flags, static_cast<std::int16_t>(frame.size()));
        return true;
    }
    void respond(std::uint16_t id, std::uint16_t offset, std::uint16_t flags, std::int16_t status) {
        std::byte* const slot = receive_ring() + 64 + receive_produced++ % NetRings::slots * 8;
        const std::uint16_t fields[3] = {id, offset, flags};
        std::memcpy(slot, fields, 6);
        std::memcpy(slot + 6, &status, 2);
        set_word(receive_ring(), 8, receive_produced);
    }

    std::vector<std::byte> pages;
    std::byte* start = nullptr;
    std::vector<std::uint32_t> send_grants, receive_grants;
    std::deque<std::uint16_t> held;
    std::uint32_t send_consumed = 0, send_produced = 0;
    std::uint32_t receive_consumed = 0, receive_produced = 0;
};

class Frames final : public rt::FrameSink {
  public:
    void frame(std::span<std::uint8_t> bytes) override {
        all.emplace_back(bytes.begin(), bytes.end());
    }
    std::vector<std::string> all;
};

struct Interface {
    Backend backend;
    NetRings rings{backend.memory()};
    rt::PortCounters counters;
    Frames frames;

    Interface() { rings.publish(); }
    bool send(const std::string& frame) {
        const auto room = rings.reserve(frame.size(), counters);
        if (room.empty()) return false;
        std::memcpy(room.data(), frame.data(), frame.size());
        rings.send_reserved(frame.size(), counters);
        return true;
    }
    std::size_t receive(std::size_t budget = 1000) {
        return rings.receive(frames, budget, counters);
    }
};

}  // namespace

TEST_CASE("frames go both ways, in order, many times around the rings") {
    Interface vif;
    for (unsigned i = 0; i < 5000; ++i) {
        const std::string frame = "frame " + std::to_string(i) + std::string(i % 1400, 'x');
        REQUIRE(vif.send(frame));
        vif.rings.publish();
        REQUIRE(vif.backend.take_sent() == std::vector{frame});
        REQUIRE(vif.backend.give(frame));
        REQUIRE(vif.receive() == 1);
        vif.rings.publish();
        REQUIRE(vif.frames.all.back() == frame);
    }
    CHECK(vif.counters == rt::PortCounters{5000, 5000, 0, 0, 0, 0});
    CHECK_FALSE(vif.rings.broken());
}

TEST_CASE("a full send ring drops and counts, and goes on when the backend has answered") {
    Interface vif;
    for (std::uint32_t i = 0; i < NetRings::slots; ++i)
        REQUIRE(vif.send("x"));
    CHECK_FALSE(vif.send("too much"));
    CHECK(vif.counters.send_overruns == 1);
    vif.rings.publish();
    CHECK(vif.backend.take_sent(-1).size() == NetRings::slots);
    CHECK(vif.send("again"));
    CHECK(vif.counters.send_refused == NetRings::slots);
    CHECK(vif.rings.reserve(NetRings::frame_max + 1, vif.counters).empty());
}

TEST_CASE("a budget leaves the rest for the next call") {
    Interface vif;
    for (int i = 0; i < 10; ++i)
        vif.backend.give(std::to_string(i));
    CHECK(vif.receive(4) == 4);
    CHECK(vif.receive() == 6);
    CHECK(vif.frames.all.size() == 10);
}

TEST_CASE("the backend is notified when it asked to be, and asked before sleeping") {
    Interface vif;
    Backend::set_word(vif.backend.send_ring(), 4, 1);
    CHECK(vif.send("one"));
    CHECK(vif.rings.publish());
    CHECK(vif.send("two"));
    CHECK_FALSE(vif.rings.publish());  // it wanted to hear of the first only
    CHECK_FALSE(vif.rings.arm(vif.counters));
    CHECK(Backend::word(vif.backend.receive_ring(), 12) == 1);
    vif.backend.give("came while nobody looked");
    CHECK(vif.rings.arm(vif.counters));
    CHECK(vif.receive() == 1);
    CHECK_FALSE(vif.rings.arm(vif.counters));
    CHECK(Backend::word(vif.backend.receive_ring(), 12) == 2);
}

TEST_CASE("buffers that have been sent keep nobody awake, however many were not taken back") {
    Interface vif;
    for (std::uint32_t sent = 1; sent <= 3 * NetRings::slots; ++sent) {
        REQUIRE(vif.send("frame"));
        vif.rings.publish();
        vif.backend.take_sent();
        INFO("after " << sent << " frames");
        REQUIRE_FALSE(vif.rings.arm(vif.counters));
    }
}

TEST_CASE("with few buffers left the guest asks to be told of the next that was sent") {
    Interface vif;
    for (const bool hold : {false, true}) {
        for (std::uint32_t sent = 0; sent < NetRings::slots; ++sent)
            REQUIRE(vif.send("frame"));
        vif.rings.publish();
        vif.backend.take_sent(0, hold);
        REQUIRE_FALSE(vif.rings.arm(vif.counters));
    }
    CHECK(Backend::word(vif.backend.send_ring(), 12) == NetRings::slots + 1);
}

TEST_CASE("a frame that cannot be one is refused, and its buffer used again") {
    struct Case {
        std::string frame;
        std::uint16_t offset;
        std::uint16_t flags;
    };
    const Case cases[] = {
        {std::string(1515, 'x'), 0, 0},    // longer than a frame
        {"beyond the page", 4090, 0},      // offset and size
        {"half a checksum", 0, 2},         // NETRXF_csum_blank
        {"more to come", 0, 4},            // NETRXF_more_data
        {"with extra information", 0, 8},  // NETRXF_extra_info
        {"", 0, 0},
    };
    Interface vif;
    for (int round = 0; round < 200; ++round) {
        for (const Case& c : cases) {
            REQUIRE(vif.backend.give(c.frame, c.offset, c.flags));
            vif.receive();
            vif.rings.publish();
        }
    }
    CHECK(vif.frames.all.empty());
    CHECK(vif.counters.receive_refused == 200 * std::size(cases));
    CHECK(vif.backend.give("a good one", 100));
    vif.receive();
    CHECK(vif.frames.all == std::vector<std::string>{"a good one"});
}

TEST_CASE("a backend that lies breaks its rings, and nothing else") {
    Interface vif;
    SECTION("more responses than requests") {
        Backend::set_word(vif.backend.receive_ring(), 8, NetRings::slots + 1);
        CHECK(vif.receive() == 0);
    }
    SECTION("an id beyond the ring") {
        vif.backend.respond(NetRings::slots, 0, 0, 60);
        vif.receive();
    }
    SECTION("the same buffer twice") {
        vif.backend.respond(3, 0, 0, 60);
        vif.receive();
        vif.backend.respond(4, 0, 0, 60);
        vif.backend.respond(4, 0, 0, 60);
        vif.receive();
        // posted anew each time, so not a lie yet; a buffer that was never posted is one
        Backend::set_word(vif.backend.receive_ring(), 8, 0x80000000);
        vif.receive();
    }
    SECTION("an answer to nothing that was sent") {
        for (std::uint32_t i = 0; i < NetRings::slots; ++i)
            vif.send("x");
        vif.rings.publish();
        vif.backend.take_sent(0, true);
        vif.backend.held.assign(2, 7);
        vif.backend.answer_sent();
        vif.send("x");
    }
    CHECK(vif.rings.broken());
    CHECK(vif.receive() == 0);
    CHECK_FALSE(vif.send("x"));
    CHECK_FALSE(vif.rings.publish());
    CHECK_FALSE(vif.rings.arm(vif.counters));
}

TEST_CASE("shared memory of any content harms nobody") {
    std::mt19937 random(11);
    for (int round = 0; round < 300; ++round) {
        Interface vif;
        for (int step = 0; step < 40 && !vif.rings.broken(); ++step) {
            vif.send(std::string(random() % 1514, 's'));
            vif.rings.publish();
            std::byte* const ring =
                random() % 2 == 0 ? vif.backend.send_ring() : vif.backend.receive_ring();
            const std::size_t at = random() % 3 == 0 ? random() % 16 : random() % Backend::page;
            ring[at] = static_cast<std::byte>(random() % 3);
            vif.receive(random() % 300);
            vif.rings.arm(vif.counters);
        }
    }
}
