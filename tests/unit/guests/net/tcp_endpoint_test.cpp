#include "net/tcp_endpoint.hpp"

#include <catch2/catch.hpp>

#include "frames.hpp"
#include "test_port.hpp"

using namespace stemma::net;
using namespace stemma::net::test;
using stemma::rt::Duration;
using stemma::rt::Instant;
using State = TcpConnection::State;

namespace {

struct Host {
    TestPort port;
    TestEntropy entropy;
    Interface interface;
    Ipv4Stack stack;
    TcpEndpoint tcp;

    Host(std::uint8_t last, const char* own, std::size_t mtu = 1500)
        : port(mac(last), mtu),
          entropy(last),
          interface(0, port, {*parse_interface(own), std::nullopt}, entropy),
          tcp(stack, entropy) {
        stack.add(interface);
    }
    Instant run(Instant now) {
        stack.receive(now, 64);
        const auto next = tcp.run(now);
        return std::min(next, stack.run(now));
    }
};

struct Pair {
    TestClock clock;
    Host client{1, "10.0.0.1/24"};
    Host server{2, "10.0.0.2/24"};
    Wire wire;

    explicit Pair(const WireFaults& faults = {}, unsigned seed = 1)
        : wire(client.port, server.port, faults, seed) {}

    // A moment passes.
    void step() {
        client.run(clock.now());
        server.run(clock.now());
        wire.deliver();
        clock.advance(Duration::milliseconds(5));
    }
    void settle() {
        for (int i = 0; i < 20; ++i)
            step();
    }
};

std::uint8_t pattern(std::size_t at) {
    return static_cast<std::uint8_t>(at * 2654435761U >> 13);
}

// Reads what is there into `got`.
void read(TcpConnection& tcp, Bytes& got, std::size_t limit, Instant now) {
    while (limit > 0 && !tcp.readable().empty()) {
        const auto piece = tcp.readable().first(std::min(limit, tcp.readable().size()));
        got.insert(got.end(), piece.begin(), piece.end());
        limit -= piece.size();
        tcp.consume(piece.size(), now);
    }
}

}  // namespace

TEST_CASE("a call to a listening port is accepted once, one to another is refused") {
    Pair pair;
    REQUIRE(pair.server.tcp.listen(7));
    auto* call = pair.client.tcp.connect({ip("10.0.0.2"), 7}, pair.clock.now());
    auto* refused = pair.client.tcp.connect({ip("10.0.0.2"), 8}, pair.clock.now());
    REQUIRE(call);
    REQUIRE(refused);
    pair.settle();
    CHECK(call->state() == State::established);
    CHECK(refused->state() == State::closed);
    CHECK(refused->failure() == TcpConnection::Failure::refused);
    auto* answer = pair.server.tcp.accept();
    REQUIRE(answer);
    CHECK(answer->remote() == call->local());
    CHECK(!pair.server.tcp.accept());
    CHECK(!pair.client.tcp.connect({ip("10.9.0.2"), 7}, pair.clock.now()));
}

TEST_CASE("a released connection goes when it is closed, one that nobody took as well") {
    Pair pair;
    pair.server.tcp.listen(7);
    auto* call = pair.client.tcp.connect({ip("10.0.0.2"), 7}, pair.clock.now());
    pair.settle();
    CHECK(pair.server.tcp.size() == 1);
    call->abort(pair.clock.now());
    pair.settle();
    CHECK(pair.server.tcp.size() == 0);
    CHECK(pair.client.tcp.size() == 1);
    pair.client.tcp.release(*call);
    pair.settle();
    CHECK(pair.client.tcp.size() == 0);
}

TEST_CASE("half-open connections are bounded and the oldest gives way") {
    Pair pair;
    pair.server.tcp.listen(7);
    for (std::uint16_t port = 1; port <= 1000; ++port) {
        Bytes segment(20);
        TcpHeader header;
        header.source_port = port;
        header.destination_port = 7;
        header.flags = TcpHeader::syn;
        header.write(std::span(segment).first<20>());
        store_be16(&segment[16],
                   transport_checksum(ip("10.0.0.9"), ip("10.0.0.2"), ip_protocol::tcp, segment));
        const Peers peers{mac(2), mac(9), {ip("10.0.0.2"), 7}, {ip("10.0.0.9"), port}};
        pair.server.port.inject(
            ip_frame(peers.ethernet(), peers.header(ip_protocol::tcp), segment));
        pair.server.run(pair.clock.now());
        CHECK(pair.server.tcp.size() <= TcpEndpoint::half_open_max);
    }
    CHECK(!pair.server.tcp.accept());
    auto* call = pair.client.tcp.connect({ip("10.0.0.2"), 7}, pair.clock.now());
    pair.settle();
    CHECK(call->state() == State::established);
}

TEST_CASE("connections are bounded in all") {
    Pair pair;
    for (std::size_t i = 0; i < TcpEndpoint::connections_max; ++i)
        CHECK(pair.client.tcp.connect({ip("10.0.0.2"), 7}, pair.clock.now()));
    CHECK(!pair.client.tcp.connect({ip("10.0.0.2"), 7}, pair.clock.now()));
}

TEST_CASE("a stream arrives whole and in order over a wire that loses, doubles and reorders") {
    struct Case {
        WireFaults faults;
        std::size_t bytes;
    };
    const Case cases[] = {
        {{}, 300'000},
        {{.loss = 0.05}, 100'000},
        {{.duplication = 0.2}, 100'000},
        {{.reordering = 0.2}, 100'000},
        {{.loss = 0.1, .duplication = 0.1, .reordering = 0.1}, 60'000},
        {{.loss = 0.3}, 10'000},
    };
    for (const auto& c : cases) {
        for (unsigned seed = 1; seed <= 3; ++seed) {
            INFO("loss " << c.faults.loss << " duplication " << c.faults.duplication
                         << " reordering " << c.faults.reordering << " seed " << seed);
            Pair pair(c.faults, seed);
            std::mt19937 random(seed);
            pair.server.tcp.listen(7);
            auto* call = pair.client.tcp.connect({ip("10.0.0.2"), 7}, pair.clock.now());
            REQUIRE(call);
            TcpConnection* echo = nullptr;
            std::size_t written = 0;
            Bytes got;
            // the server sends back what it reads, at its own pace; the client closes first
            for (int step = 0; step < 200'000; ++step) {
                pair.step();
                const auto now = pair.clock.now();
                if (written < c.bytes) {
                    Bytes piece(std::min<std::size_t>(random() % 5000, c.bytes - written));
                    for (std::size_t i = 0; i < piece.size(); ++i)
                        piece[i] = pattern(written + i);
                    written += call->write(piece, now);
                } else if (call->state() != State::syn_sent) {
                    call->close(now);
                }
                if (!echo) echo = pair.server.tcp.accept();
                if (echo) {
                    const auto readable = echo->readable();
                    const auto count = echo->write(
                        readable.first(std::min<std::size_t>(readable.size(), random() % 4000)),
                        now);
                    echo->consume(count, now);
                    if (echo->at_end()) echo->close(now);
                }
                read(*call, got, random() % 4000, now);
                if (call->at_end()) break;
            }
            REQUIRE(got.size() == c.bytes);
            bool same = true;
            for (std::size_t i = 0; i < got.size(); ++i)
                same = same && got[i] == pattern(i);
            CHECK(same);
            CHECK(call->failure() == TcpConnection::Failure::none);
            for (int i = 0; i < 20'000 && echo->state() != State::closed; ++i)
                pair.step();
            CHECK(echo->state() == State::closed);
            CHECK(echo->failure() == TcpConnection::Failure::none);
        }
    }
}

TEST_CASE("a stream outlives a wire that is cut for a while") {
    Pair pair;
    pair.server.tcp.listen(7);
    auto* call = pair.client.tcp.connect({ip("10.0.0.2"), 7}, pair.clock.now());
    Bytes got;
    TcpConnection* echo = nullptr;
    std::size_t written = 0;
    for (int step = 0; step < 20'000; ++step) {
        pair.wire.cut = step > 1000 && step < 3000;  // ten seconds
        pair.step();
        Bytes piece(100);
        for (std::size_t i = 0; i < piece.size(); ++i)
            piece[i] = pattern(written + i);
        if (step < 10'000) written += call->write(piece, pair.clock.now());
        if (!echo) echo = pair.server.tcp.accept();
        if (echo) read(*echo, got, SIZE_MAX, pair.clock.now());
    }
    REQUIRE(got.size() == written);
    CHECK(written > 500'000);
    for (std::size_t i = 0; i < got.size(); ++i) {
        if (got[i] != pattern(i)) FAIL(i);
    }
}

TEST_CASE("segments keep to the smaller of the two MTUs") {
    TestClock clock;
    Host client(1, "10.0.0.1/24", 1500);
    Host server(2, "10.0.0.2/24", 600);
    Wire wire(client.port, server.port);
    server.tcp.listen(7);
    auto* call = client.tcp.connect({ip("10.0.0.2"), 7}, clock.now());
    std::size_t longest = 0;
    for (int i = 0; i < 50; ++i) {
        client.run(clock.now());
        server.run(clock.now());
        for (const auto& frame : client.port.sent)
            longest = std::max(longest, frame.size());
        wire.deliver();
        call->write(Bytes(5000), clock.now());
    }
    CHECK(longest == 614);
}
