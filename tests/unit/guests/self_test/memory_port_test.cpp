#include "self_test/memory_port.hpp"

#include <catch2/catch.hpp>

using namespace stemma;
using self_test::Frame;
using self_test::MemoryPort;

namespace {

struct Sink final : rt::FrameSink {
    void frame(std::span<std::uint8_t> bytes) override {
        frames.emplace_back(bytes.begin(), bytes.end());
        if (port != nullptr) port->arrive({9});
    }
    std::vector<Frame> frames;
    MemoryPort* port = nullptr;
};

}  // namespace

TEST_CASE("frames come in the order in which they arrived, up to the budget") {
    MemoryPort port(net::MacAddress{{2, 0, 0, 0, 0, 1}});
    Sink sink;
    port.arrive({1});
    port.arrive({2});
    port.arrive({3});
    CHECK(port.receive(sink, 2) == 2);
    CHECK(sink.frames == std::vector<Frame>{{1}, {2}});
    CHECK(port.receive(sink, 2) == 1);
    CHECK(port.receive(sink, 2) == 0);
    CHECK(port.counters().received == 3);
}

TEST_CASE("what arrives while frames are handed over waits for the next time") {
    MemoryPort port(net::MacAddress{});
    Sink sink;
    sink.port = &port;
    port.arrive({1});
    CHECK(port.receive(sink, 10) == 1);
    sink.port = nullptr;
    CHECK(port.receive(sink, 10) == 1);
    CHECK(sink.frames == std::vector<Frame>{{1}, {9}});
}

TEST_CASE("a frame that was reserved is sent as far as it was used") {
    MemoryPort port(net::MacAddress{});
    const auto room = port.reserve(60);
    REQUIRE(room.size() == 60);
    room[0] = 1;
    room[1] = 2;
    port.send_reserved(2);
    CHECK(port.take_sent() == std::vector<Frame>{{1, 2}});
    CHECK(port.take_sent().empty());
}

TEST_CASE("too many and too long frames are lost and counted") {
    MemoryPort port(net::MacAddress{});
    for (std::size_t i = 0; i < MemoryPort::frames_max + 2; ++i) {
        port.arrive({1});
        if (!port.reserve(1).empty()) port.send_reserved(1);
    }
    CHECK(port.reserve(1515).empty());
    CHECK(port.counters().receive_overruns == 2);
    CHECK(port.counters().send_overruns == 2);
    CHECK(port.counters().send_refused == 1);
    CHECK(port.take_sent().size() == MemoryPort::frames_max);
}
