#include "self_test/guest_rig.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <utility>

#include "net/interface.hpp"
#include "net/ipv4_stack.hpp"

using namespace stemma;
using self_test::Datagram;
using self_test::GuestRig;

namespace {

struct Zeros final : rt::Entropy {
    void fill(std::span<std::uint8_t> bytes) override {
        for (auto& byte : bytes)
            byte = 0;
    }
};

// Sends what each datagram holds on to another address, for whose MAC it has to ask.
class SendingGuest final : public rt::Guest, net::UdpHandler {
  public:
    explicit SendingGuest(const rt::Environment& environment)
        : port_(*environment.ports[0]),
          interface_(0, port_, {{{0x0a000001}, 24}, std::nullopt}, environment.entropy) {
        stack_.add(interface_);
        stack_.bind_udp(*this, 7, 7);
    }
    rt::Instant run(rt::Instant now) override {
        stack_.receive(now, 8);
        return stack_.run(now);
    }
    bool ready() const override { return true; }
    void datagram(net::UdpDatagram& datagram) override {
        stack_.send_udp(7, {{0x0a000063}, 9}, datagram.payload, datagram.now);
    }

  private:
    rt::Port& port_;
    net::Interface interface_;
    net::Ipv4Stack stack_;
};

// Sends what is no datagram to its link, once.
class BabblingGuest final : public rt::Guest {
  public:
    explicit BabblingGuest(const rt::Environment& environment) : port_(*environment.ports[0]) {}
    rt::Instant run(rt::Instant) override {
        if (std::exchange(said_, true)) return rt::Instant::never();
        const auto room = port_.reserve(60);
        std::ranges::fill(room, std::uint8_t{0});
        port_.send_reserved(60);
        return rt::Instant::never();
    }
    bool ready() const override { return true; }

  private:
    rt::Port& port_;
    bool said_ = false;
};

const net::Ipv4Endpoint guest{{0x0a000001}, 7};
const net::Ipv4Endpoint client{{0x0a000002}, 4000};

}  // namespace

std::unique_ptr<rt::Guest> rt::make_guest(const Environment& environment) {
    if (environment.arguments == "refuse") {
        environment.console.line("no such word: refuse");
        return nullptr;
    }
    if (environment.arguments == "babble") return std::make_unique<BabblingGuest>(environment);
    return std::make_unique<SendingGuest>(environment);
}

TEST_CASE("a guest that refuses its arguments does not start, and its word is kept") {
    Zeros entropy;
    GuestRig rig(entropy, 1, "refuse");
    CHECK_FALSE(rig.start());
    CHECK(rig.console().has("refuse"));
    CHECK_FALSE(rig.console().has("other"));
}

TEST_CASE("a datagram reaches the guest, and its own comes out after its neighbour answered ARP") {
    Zeros entropy;
    GuestRig rig(entropy, 1, "");
    REQUIRE(rig.start());
    rig.send(0, {client, guest, {1, 2, 3}});
    rig.run();
    const auto sent = rig.take(0);
    REQUIRE(sent.size() == 1);
    CHECK(sent[0] == Datagram{guest, {{0x0a000063}, 9}, {1, 2, 3}});
    CHECK(rig.take(0).empty());
}

TEST_CASE("what is no datagram is given as an empty one, so that it is not overlooked") {
    Zeros entropy;
    GuestRig rig(entropy, 1, "babble");
    REQUIRE(rig.start());
    rig.run();
    CHECK(rig.take(0) == std::vector<Datagram>{Datagram{}});
}
