#include "net/tcp_connection.hpp"

#include <catch2/catch.hpp>

#include "frames.hpp"
#include "test_port.hpp"

using namespace stemma::net;
using namespace stemma::net::test;
using stemma::rt::Duration;
using stemma::rt::Instant;
using State = TcpConnection::State;
using Failure = TcpConnection::Failure;

namespace {

constexpr std::uint8_t FIN = TcpHeader::fin;
constexpr std::uint8_t SYN = TcpHeader::syn;
constexpr std::uint8_t RST = TcpHeader::rst;
constexpr std::uint8_t PSH = TcpHeader::psh;
constexpr std::uint8_t ACK = TcpHeader::ack;

struct Segment {
    TcpHeader header;
    std::optional<std::uint16_t> mss;
    Bytes text;
};

// A connection whose peer is the test: iss 1000 here, 5000 there.
struct Line : TcpOutput {
    std::vector<Segment> sent;
    TestClock clock;
    TcpConnection tcp;

    explicit Line(const TcpConnection::Options& options = {})
        : tcp(*this, {ip("10.0.0.1"), 50000}, {ip("10.0.0.2"), 7}, 1000, options) {}

    void send_segment(const Ipv4Endpoint& local, const Ipv4Endpoint& remote,
                      const TcpHeader& header, std::optional<std::uint16_t> mss,
                      std::span<const std::span<const std::uint8_t>> text, Instant) override {
        CHECK(local.port == header.source_port);
        CHECK(remote.port == header.destination_port);
        Segment segment{header, mss, {}};
        for (const auto piece : text)
            segment.text.insert(segment.text.end(), piece.begin(), piece.end());
        sent.push_back(segment);
    }
    std::vector<Segment> take() { return std::exchange(sent, {}); }
    Segment only() {
        auto segments = take();
        REQUIRE(segments.size() == 1);
        return segments[0];
    }
    void receive(std::uint8_t flags, std::uint32_t sequence, std::uint32_t acknowledgement,
                 std::string_view text = {}, std::uint16_t window = 10000,
                 std::optional<std::uint16_t> mss = {}) {
        TcpHeader header;
        header.source_port = 7;
        header.destination_port = 50000;
        header.flags = flags;
        header.sequence = sequence;
        header.acknowledgement = acknowledgement;
        header.window = window;
        tcp.segment(header, mss, text_bytes(text), clock.now());
    }
    Instant wait(Duration by) {
        clock.advance(by);
        return tcp.run(clock.now());
    }
    std::size_t write(std::string_view text) { return tcp.write(text_bytes(text), clock.now()); }
    std::string read() {
        std::string text;
        while (!tcp.readable().empty()) {
            text.append(tcp.readable().begin(), tcp.readable().end());
            tcp.consume(tcp.readable().size(), clock.now());
        }
        return text;
    }
    void establish(std::uint16_t window = 10000, std::uint16_t mss = 1000) {
        tcp.connect(clock.now());
        receive(SYN | ACK, 5000, 1001, {}, window, mss);
        REQUIRE(tcp.state() == State::established);
        take();
    }
    void check(const Segment& segment, std::uint8_t flags, std::uint32_t sequence,
               std::uint32_t acknowledgement) {
        CHECK(int{segment.header.flags} == int{flags});
        CHECK(segment.header.sequence == sequence);
        CHECK(segment.header.acknowledgement == acknowledgement);
    }
};

}  // namespace

TEST_CASE("a call is a SYN with our segment size, answered by SYN-ACK, closed by ACK") {
    Line line;
    line.tcp.connect(line.clock.now());
    auto syn = line.only();
    line.check(syn, SYN, 1000, 0);
    CHECK(syn.mss == 1460);
    CHECK(syn.header.window == 32768);
    line.receive(SYN | ACK, 5000, 1001);
    CHECK(line.tcp.state() == State::established);
    auto ack = line.only();
    line.check(ack, ACK, 1001, 5001);
    CHECK(!ack.mss);
}

TEST_CASE("a call from outside is answered and established by the third segment") {
    Line line;
    TcpHeader syn;
    syn.flags = SYN;
    syn.sequence = 5000;
    syn.window = 10000;
    line.tcp.accept(syn, 536, line.clock.now());
    line.check(line.only(), SYN | ACK, 1000, 5001);
    line.receive(SYN, 5000, 0);  // again: our answer was lost
    line.check(line.only(), SYN | ACK, 1000, 5001);
    line.receive(ACK, 5001, 1001, "hi");
    CHECK(line.tcp.state() == State::established);
    CHECK(line.read() == "hi");
}

TEST_CASE("a SYN is sent again with growing pauses and given up after two minutes") {
    Line line;
    line.tcp.connect(line.clock.now());
    line.take();
    std::int64_t seconds = 0;
    std::vector<std::int64_t> at;
    while (line.tcp.state() == State::syn_sent) {
        line.wait(Duration::seconds(1));
        ++seconds;
        if (!line.take().empty()) at.push_back(seconds);
    }
    CHECK(at == std::vector<std::int64_t>{1, 3, 7, 15, 31, 63});
    CHECK(line.tcp.failure() == Failure::timed_out);
    CHECK(seconds >= 120);
}

TEST_CASE("a refused call says so, a wrong acknowledgement of the SYN is reset") {
    Line line;
    line.tcp.connect(line.clock.now());
    line.take();
    line.receive(SYN | ACK, 5000, 999);
    line.check(line.only(), RST, 999, 0);
    line.receive(RST | ACK, 0, 999);
    line.receive(RST, 0, 0);
    CHECK(line.tcp.state() == State::syn_sent);
    line.receive(RST | ACK, 0, 1001);
    CHECK(line.tcp.state() == State::closed);
    CHECK(line.tcp.failure() == Failure::refused);
}

TEST_CASE("two that call each other at once are connected") {
    Line line;
    line.tcp.connect(line.clock.now());
    line.take();
    line.receive(SYN, 5000, 0, {}, 10000, 1000);
    CHECK(line.tcp.state() == State::syn_received);
    line.check(line.only(), SYN | ACK, 1000, 5001);
    line.receive(SYN | ACK, 5000, 1001);
    line.take();
    line.receive(ACK, 5001, 1001);
    CHECK(line.tcp.state() == State::established);
}

TEST_CASE("text is sent in segments of the peer's size within its window") {
    Line line;
    line.establish(2500, 1000);
    CHECK(line.write(std::string(4000, 'a')) == 4000);
    auto sent = line.take();
    REQUIRE(sent.size() == 2);  // the third would be small while more waits
    CHECK(sent[0].text.size() == 1000);
    CHECK(sent[1].text.size() == 1000);
    line.check(sent[1], ACK, 2001, 5001);
    line.receive(ACK, 5001, 3001, {}, 2500);
    sent = line.take();
    REQUIRE(sent.size() == 2);
    line.check(sent[1], ACK | PSH, 4001, 5001);
    line.receive(ACK, 5001, 5001, {}, 2500);
    CHECK(line.tcp.unacknowledged() == 0);
    CHECK(line.tcp.run(line.clock.now()) == Instant::never());
}

TEST_CASE("what is not acknowledged is sent again after the timeout, all of it") {
    Line line;
    line.establish();
    line.write(std::string(2500, 'a'));
    CHECK(line.take().size() == 3);
    line.wait(Duration::milliseconds(199));
    CHECK(line.take().empty());
    line.wait(Duration::milliseconds(1));
    auto sent = line.take();
    REQUIRE(sent.size() == 1);  // the window is one segment
    line.check(sent[0], ACK, 1001, 5001);
    line.receive(ACK, 5001, 2001);
    sent = line.take();
    REQUIRE(sent.size() == 2);
    line.check(sent[0], ACK, 2001, 5001);
    line.check(sent[1], ACK | PSH, 3001, 5001);
    CHECK(sent[1].text.size() == 500);
    line.receive(ACK, 5001, 3501);
    CHECK(line.tcp.retransmissions() == 3);
    CHECK(line.tcp.unacknowledged() == 0);
}

TEST_CASE("an acknowledgement beyond what was sent again is believed") {
    Line line;
    line.establish();
    line.write(std::string(2500, 'a'));
    line.take();
    line.wait(Duration::seconds(1));
    line.take();
    line.receive(ACK, 5001, 3501);
    CHECK(line.tcp.unacknowledged() == 0);
    CHECK(line.take().empty());
    line.write("more");
    line.check(line.only(), ACK | PSH, 3501, 5001);
}

TEST_CASE("three duplicate acknowledgements send the missing segment at once") {
    Line line;
    line.establish();
    line.write(std::string(3000, 'a'));
    line.take();
    line.receive(ACK, 5001, 1001);
    line.receive(ACK, 5001, 1001);
    CHECK(line.take().empty());
    line.receive(ACK, 5001, 1001);
    const auto again = line.take();
    REQUIRE(!again.empty());
    line.check(again[0], ACK, 1001, 5001);
    line.receive(ACK, 5001, 2001);  // the second is missing too
    const auto next = line.take();
    REQUIRE(!next.empty());
    line.check(next[0], ACK, 2001, 5001);
    line.receive(ACK, 5001, 4001);
    CHECK(line.tcp.unacknowledged() == 0);
}

TEST_CASE("a closed window is probed, and what waits goes when it opens") {
    Line line;
    line.establish(0, 1000);
    line.write("hello");
    CHECK(line.take().empty());
    for (int i = 0; i < 20; ++i) {
        line.wait(Duration::seconds(60));
        const auto probes = line.take();
        REQUIRE(!probes.empty());
        line.check(probes.back(), ACK, 1001, 5001);
        CHECK(probes.back().text == text_bytes("h"));
        line.receive(ACK, 5001, 1001, {}, 0);
    }
    CHECK(line.tcp.state() == State::established);
    line.receive(ACK, 5001, 1001, {}, 1000);
    const auto sent = line.only();
    line.check(sent, ACK | PSH, 1001, 5001);
    CHECK(sent.text == text_bytes("hello"));
}

TEST_CASE("a peer that vanishes is given up with a reset") {
    Line line;
    line.establish();
    line.write("hello");
    for (int i = 0; i < 200 && line.tcp.state() != State::closed; ++i)
        line.wait(Duration::seconds(1));
    CHECK(line.tcp.failure() == Failure::timed_out);
    CHECK(line.take().back().header.has(RST));
}

TEST_CASE("text is taken in order once, and what is missing is asked for") {
    Line line;
    line.establish();
    line.receive(ACK | PSH, 5001, 1001, "abc");
    line.check(line.only(), ACK, 1001, 5004);
    line.receive(ACK | PSH, 5007, 1001, "ghi");  // def is missing
    line.check(line.only(), ACK, 1001, 5004);
    line.receive(ACK | PSH, 5001, 1001, "abc");  // a duplicate
    line.check(line.only(), ACK, 1001, 5004);
    line.receive(ACK | PSH, 5003, 1001, "cdef");  // overlapping
    line.check(line.only(), ACK, 1001, 5007);
    CHECK(line.read() == "abcdef");
}

TEST_CASE("the window closes as text is not read, and its opening is told") {
    Line line({.receive_buffer = 4000, .mss = 1000});
    line.tcp.connect(line.clock.now());
    line.receive(SYN | ACK, 5000, 1001);
    line.take();
    for (std::uint32_t i = 0; i < 4; ++i)
        line.receive(ACK, 5001 + 1000 * i, 1001, std::string(1000, 'a'));
    CHECK(line.take().back().header.window == 0);
    line.receive(ACK, 9001, 1001, "x");  // a probe
    const auto answer = line.only();
    line.check(answer, ACK, 1001, 9001);
    CHECK(answer.header.window == 0);
    line.tcp.consume(500, line.clock.now());
    CHECK(line.take().empty());  // too little to tell
    line.tcp.consume(500, line.clock.now());
    CHECK(line.only().header.window == 1000);
    line.receive(ACK, 9001, 1001, "x");
    CHECK(line.only().header.acknowledgement == 9002);
}

TEST_CASE("an orderly end from our side waits for the peer's, then a minute") {
    Line line;
    line.establish();
    line.write("bye");
    line.take();
    line.tcp.close(line.clock.now());
    line.check(line.only(), ACK | FIN, 1004, 5001);
    CHECK(line.write("more") == 0);
    line.receive(ACK, 5001, 1005);
    CHECK(line.tcp.state() == State::fin_wait_2);
    line.receive(ACK | PSH, 5001, 1005, "late");
    CHECK(line.read() == "late");
    line.take();
    line.receive(ACK | FIN, 5005, 1005);
    CHECK(line.tcp.state() == State::time_wait);
    line.check(line.only(), ACK, 1005, 5006);
    CHECK(line.tcp.at_end());
    line.receive(ACK | FIN, 5005, 1005);
    line.check(line.only(), ACK, 1005, 5006);
    line.wait(Duration::seconds(60));
    CHECK(line.tcp.state() == State::closed);
    CHECK(line.tcp.failure() == Failure::none);
}

TEST_CASE("an orderly end from the peer's side, with text on the FIN") {
    Line line;
    line.establish();
    line.receive(ACK | FIN, 5001, 1001, "end");
    line.check(line.only(), ACK, 1001, 5005);
    CHECK(line.tcp.state() == State::close_wait);
    CHECK(!line.tcp.at_end());
    CHECK(line.read() == "end");
    CHECK(line.tcp.at_end());
    line.write("last");
    line.take();
    line.tcp.close(line.clock.now());
    line.check(line.only(), ACK | FIN, 1005, 5005);
    line.receive(ACK, 5005, 1006);
    CHECK(line.tcp.state() == State::closed);
    CHECK(line.tcp.failure() == Failure::none);
}

TEST_CASE("both sides close at once") {
    Line line;
    line.establish();
    line.tcp.close(line.clock.now());
    line.take();
    line.receive(ACK | FIN, 5001, 1001);
    CHECK(line.tcp.state() == State::closing);
    line.receive(ACK, 5002, 1002);
    CHECK(line.tcp.state() == State::time_wait);
}

TEST_CASE("a lost FIN is sent again, behind lost text") {
    Line line;
    line.establish();
    line.write("bye");
    line.tcp.close(line.clock.now());
    line.take();
    line.wait(Duration::seconds(1));
    const auto again = line.only();
    line.check(again, ACK | PSH | FIN, 1001, 5001);
    CHECK(again.text == text_bytes("bye"));
    line.receive(ACK, 5001, 1004);  // all but the FIN
    line.wait(Duration::seconds(1));
    const auto fin = line.take();
    REQUIRE(!fin.empty());
    line.check(fin.back(), ACK | FIN, 1004, 5001);
    line.receive(ACK, 5001, 1005);
    CHECK(line.tcp.state() == State::fin_wait_2);
}

TEST_CASE("only the exact reset ends a connection, and a SYN never does (RFC 5961)") {
    Line line;
    line.establish();
    line.receive(RST, 5001 + 100, 0);
    line.check(line.only(), ACK, 1001, 5001);
    line.receive(RST, 5000, 0);
    line.receive(RST, 5001 + 40000, 0);
    CHECK(line.take().empty());
    line.receive(SYN, 5001 + 5, 0);
    line.check(line.only(), ACK, 1001, 5001);
    line.receive(ACK, 5001, 1001 + 500);  // never sent
    line.check(line.only(), ACK, 1001, 5001);
    line.receive(ACK, 5001, 1001U - 40000U, "injected");
    line.check(line.only(), ACK, 1001, 5001);
    CHECK(line.read().empty());
    for (int i = 0; i < 100; ++i)
        line.receive(RST, 5001 + 100, 0);
    CHECK(line.take().size() < 5);
    CHECK(line.tcp.state() == State::established);
    line.receive(RST, 5001, 0);
    CHECK(line.tcp.state() == State::closed);
    CHECK(line.tcp.failure() == Failure::reset);
}

TEST_CASE("an abort resets the peer") {
    Line line;
    line.establish();
    line.write("x");
    line.take();
    line.tcp.abort(line.clock.now());
    line.check(line.only(), RST | ACK, 1002, 5001);
    CHECK(line.tcp.failure() == Failure::aborted);
    line.receive(ACK, 5001, 1002, "x");
    CHECK(line.take().empty());
}
