#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <arpa/inet.h>

#include <catch2/catch.hpp>
#include <csignal>

#include "guest_rig.hpp"
#include "net/ethernet.hpp"
#include "net/ipv4_header.hpp"
#include "rt/saved_state.hpp"
#include "unix/sandbox.hpp"

using namespace stemma;
using guest_rig::GuestProcess;

namespace {

constexpr std::size_t limit = 32u << 20;  // what the agent gives a guest

// The sanitizers map far more than any limit leaves them.
std::size_t memory_limit() {
    return hosted::is_confining() ? limit : 0;
}

struct Rig {
    std::vector<guest_rig::Port> ports;

    explicit Rig(std::size_t count) {
        REQUIRE(guest_rig::enter_network());
        ports = guest_rig::make_ports(count);
    }
    ~Rig() { guest_rig::remove_ports(ports); }
    GuestProcess::Options options(const std::string& words) const {
        return {ECHO_GUEST, words, memory_limit(), {}};
    }
};

std::vector<std::uint8_t> frame(std::size_t size, std::uint8_t mark) {
    std::vector<std::uint8_t> bytes(size, mark);
    const std::uint8_t header[14] = {0x02, 0x16, 0x3e, 0, 0, 1, 0x02, 0, 0, 0, 0, 9, 0x88, 0xb5};
    std::copy(std::begin(header), std::end(header), bytes.begin());
    return bytes;
}

bool is_answer(const std::vector<std::uint8_t>& answer, const std::vector<std::uint8_t>& sent) {
    return answer.size() == sent.size() && std::equal(&answer[0], &answer[6], &sent[6]) &&
           std::equal(&answer[6], &answer[12], &sent[0]) &&
           std::equal(answer.begin() + 12, answer.end(), sent.begin() + 12);
}

std::uint16_t transport_sum(const std::vector<std::uint8_t>& bytes) {
    const auto packet = std::span(bytes).subspan(net::EthernetHeader::size);
    const auto ip = net::Ipv4Header::read(packet);
    REQUIRE(ip);
    return net::transport_checksum(ip->source, ip->destination, ip->protocol, ip->payload(packet));
}

}  // namespace

TEST_CASE("frames of each size cross the edge both ways, on both ports, unchanged") {
    Rig rig(2);
    GuestProcess guest(rig.options(""), rig.ports);
    REQUIRE(guest.wait_until_ready());
    for (std::size_t size = 14; size <= 1514; size += 100) {
        for (std::size_t port = 0; port < 2; ++port) {
            const auto sent = frame(size, static_cast<std::uint8_t>(size + port));
            rig.ports[port].send(sent);
            const auto answer = rig.ports[port].receive();
            REQUIRE(answer);
            REQUIRE(is_answer(*answer, sent));
        }
    }
    CHECK(guest.console() == "echo: 2 ports, state of 0 bytes\n");
}

TEST_CASE("many more frames than the rings hold cross in order") {
    Rig rig(1);
    GuestProcess guest(rig.options(""), rig.ports);
    REQUIRE(guest.wait_until_ready());
    const auto& port = rig.ports[0];
    for (int round = 0; round < 300; ++round) {
        for (int i = 0; i < 32; ++i)
            port.send(frame(200, static_cast<std::uint8_t>(round + i)));
        for (int i = 0; i < 32; ++i) {
            const auto answer = port.receive();
            REQUIRE(answer);
            REQUIRE(answer->back() == static_cast<std::uint8_t>(round + i));
        }
    }
}

TEST_CASE("a frame longer than the MTU is refused and the next one still answered") {
    Rig rig(1);
    REQUIRE(guest_rig::run("ip link set peer0 mtu 4000") == 0);
    REQUIRE(guest_rig::run("ip link set guest0 mtu 4000") == 0);
    GuestProcess guest(rig.options(""), rig.ports);
    REQUIRE(guest.wait_until_ready());
    rig.ports[0].send(frame(1515, 1));
    rig.ports[0].send(frame(3000, 2));
    rig.ports[0].send(frame(1514, 3));
    const auto answer = rig.ports[0].receive();
    REQUIRE(answer);
    CHECK(answer->size() == 1514);
}

TEST_CASE("a checksum that the sender left to its card is whole when the guest sees it") {
    Rig rig(1);
    const auto& port = rig.ports[0];
    REQUIRE(guest_rig::run("ip addr add 10.9.0.1/24 dev peer0") == 0);
    REQUIRE(guest_rig::run("ip neigh add 10.9.0.2 lladdr " + port.mac + " dev peer0") == 0);
    GuestProcess guest(rig.options(""), rig.ports);
    REQUIRE(guest.wait_until_ready());
    const int client = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(7);
    to.sin_addr.s_addr = inet_addr("10.9.0.2");
    for (const std::size_t size : {1u, 64u, 777u, 1472u}) {
        const std::string payload(size, 'p');
        REQUIRE(sendto(client, payload.data(), size, 0, reinterpret_cast<const sockaddr*>(&to),
                       sizeof to) == static_cast<ssize_t>(size));
        const auto as_sent = port.sent_by_kernel();
        REQUIRE(as_sent);
        CHECK(transport_sum(*as_sent) != 0);  // else this test shows nothing
        const auto answer = port.receive();
        REQUIRE(answer);
        CHECK(transport_sum(*answer) == 0);
    }
    close(client);
}

TEST_CASE("saved state reaches the guest") {
    Rig rig(1);
    auto options = rig.options("");
    REQUIRE(rt::append_saved_entry(options.state, {"nat/udp/x", std::string(5000, 'v')}));
    GuestProcess guest(options, rig.ports);
    REQUIRE(guest.wait_until_ready());
    CHECK(guest.console() == "echo: 1 ports, state of 5013 bytes\n");
}

TEST_CASE("a process with two ports and 16 MB of tables starts under a limit of 32 MB") {
    Rig rig(2);
    GuestProcess guest(rig.options("table=16"), rig.ports);
    INFO(guest.console());
    REQUIRE(guest.wait_until_ready());
    const auto sent = frame(100, 1);
    rig.ports[1].send(sent);
    CHECK(rig.ports[1].receive());
    if (hosted::is_confining()) CHECK(guest.status_number("VmPeak") <= limit / 1024);
}

TEST_CASE("a guest that wants more than its limit says so and ends") {
    if (!hosted::is_confining()) return;
    Rig rig(1);
    GuestProcess guest(rig.options("misbehave=memory"), rig.ports);
    REQUIRE(guest.wait_until_ready());
    rig.ports[0].send(frame(60, 1));
    CHECK(guest.wait_until_end().status == 1);
    CHECK(guest.console().ends_with("out of memory\n"));
}

TEST_CASE("a guest that opens a file is killed") {
    if (!hosted::is_confining()) return;
    Rig rig(1);
    GuestProcess guest(rig.options("misbehave=open"), rig.ports);
    REQUIRE(guest.wait_until_ready());
    rig.ports[0].send(frame(60, 1));
    CHECK(guest.wait_until_end().signal == SIGSYS);
}

TEST_CASE("an argument the guest does not know ends it with a line that names it") {
    Rig rig(1);
    GuestProcess guest(rig.options("tabel=1"), rig.ports);
    CHECK(guest.wait_until_end().status == 1);
    CHECK(guest.console() ==
          "argument \"tabel=1\": unknown key \"tabel\"; known: misbehave table\n");
}

TEST_CASE("a command line that makes no sense ends the process with status 2") {
    Rig rig(1);
    rig.ports[0].mac = "no mac";
    GuestProcess guest(rig.options(""), rig.ports);
    CHECK(guest.wait_until_end().status == 2);
}

TEST_CASE("an idle guest sleeps: it wakes for frames and for nothing else") {
    Rig rig(2);
    GuestProcess guest(rig.options(""), rig.ports);
    REQUIRE(guest.wait_until_ready());
    rig.ports[0].send(frame(60, 1));
    REQUIRE(rig.ports[0].receive());
    const auto before = guest.switches_when_asleep();
    constexpr std::uint64_t frames = 50;
    for (std::uint64_t i = 0; i < frames; ++i) {
        rig.ports[i % 2].send(frame(60, 1));
        REQUIRE(rig.ports[i % 2].receive());
        guest.switches_when_asleep();
    }
    const auto after = guest.switches_when_asleep();
    CHECK(after - before >= frames / 2);
    CHECK(after - before <= 2 * frames);
    // and with nothing to do it stays asleep: a tenth of a second in which the console is silent
    pollfd nothing{-1, 0, 0};
    poll(&nothing, 1, 100);
    CHECK(guest.switches_when_asleep() == after);
}

TEST_CASE("an interface that goes down and comes up again is used again, and costs no spinning") {
    Rig rig(1);
    GuestProcess guest(rig.options(""), rig.ports);
    REQUIRE(guest.wait_until_ready());
    const auto before = guest.switches_when_asleep();
    REQUIRE(guest_rig::run("ip link set guest0 down") == 0);
    pollfd nothing{-1, 0, 0};
    poll(&nothing, 1, 50);
    const auto down = guest.switches_when_asleep();
    CHECK(down - before < 20);
    REQUIRE(guest_rig::run("ip link set guest0 up") == 0);
    const auto sent = frame(60, 1);
    rig.ports[0].send(sent);
    const auto answer = rig.ports[0].receive();
    REQUIRE(answer);
    CHECK(is_answer(*answer, sent));
    CHECK(guest.switches_when_asleep() - down < 20);
}

TEST_CASE("a store that lies costs the guest its store and nothing else") {
    Rig rig(1);
    GuestProcess guest(rig.options(""), rig.ports);
    REQUIRE(guest.wait_until_ready());
    guest.break_store();
    const auto sent = frame(60, 1);
    rig.ports[0].send(sent);
    REQUIRE(rig.ports[0].receive());
    guest.switches_when_asleep();
    CHECK(guest.console().find("store lost, going on without it") != std::string::npos);
}
