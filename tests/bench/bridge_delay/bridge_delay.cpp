// bridge_delay: plays all hosts on both sides of a translator and measures, one flow at a time, how
// long its first packet (an insertion) and the answer (a lookup) take between the two ports of the
// translator.
//
//   --inside IF --outside IF            where this program sends and receives
//   --inside-port IF --outside-port IF  the translator's ports, where the kernel's timestamps are
//   taken
//   --network A.B.C --server ADDRESS    inside hosts are A.B.C.16 and up; the one host outside
//   --gateway ADDRESS                   the translator's inside address; without it, frames go
//   straight
//                                       to the server (what joins the bridges only copies)
//   --flows N [--first N]               a flow is a new inside address and port; --first numbers
//   the
//                                       first one, so that a second run makes other flows
//   --patience SECONDS                  a packet that takes longer counts as lost (2)
//   --losses N                          ends well although so many flows were lost (0)
//   --until-loss                        ends well at the first packet that does not arrive
//   --out FILE                          insertion_ns,lookup_ns of each flow
#include <arpa/inet.h>
#include <poll.h>

#include <charconv>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "packet_socket.hpp"
#include "udp_frame.hpp"

using namespace stemma::bench;
using Clock = std::chrono::steady_clock;

namespace {

constexpr std::uint16_t server_port = 7777;
constexpr std::uint32_t hosts = 200, first_host = 16;

struct Options {
    std::string inside, outside, inside_port, outside_port, out;
    std::uint32_t network = 0, server = 0, gateway = 0;
    std::uint32_t flows = 50, first = 0;
    std::uint32_t patience = 2;  // seconds
    std::uint32_t losses = 0;
    bool until_loss = false;
};

struct Rig {
    PacketSocket inside, outside, inside_port, outside_port;
};

// The moments at which one numbered datagram passed each port.
struct Passage {
    std::int64_t inside = 0;
    std::int64_t outside = 0;
};

class Measurement {
  public:
    Measurement(const Options& options, Rig& rig) : options_(options), rig_(rig) {}

    bool find_gateway() {
        if (options_.gateway == 0) {
            next_hop_ = rig_.outside.mac();
            return true;
        }
        for (int attempt = 0; attempt < 10; ++attempt) {
            rig_.inside.send(
                ArpRequest{rig_.inside.mac(), host_address(0), options_.gateway}.write());
            wait([&] { return found_; });
            if (found_) return true;
        }
        std::fprintf(stderr, "bridge_delay: the gateway does not answer ARP\n");
        return false;
    }

    // False if the packet or its answer did not arrive.
    bool measure(std::uint32_t flow, std::ofstream& out) {
        flow_ = flow;
        request_ = answer_ = {};
        arrived_ = answered_ = false;
        UdpFrame request;
        request.destination_mac = next_hop_;
        request.source_mac = rig_.inside.mac();
        request.source = {host_address(flow), static_cast<std::uint16_t>(20'000 + flow / hosts)};
        request.destination = {options_.server, server_port};
        request.number = flow;
        rig_.inside.send(request.write());
        wait([&] { return answered_ && answer_.inside && answer_.outside && request_.outside; });
        if (!answered_ || !request_.inside || !request_.outside || !answer_.inside ||
            !answer_.outside) {
            std::fprintf(stderr, "bridge_delay: flow %u lost %s\n", flow,
                         !arrived_    ? "on its way out"
                         : !answered_ ? "on its way back"
                                      : "in the capture");
            return false;
        }
        out << request_.outside - request_.inside << ',' << answer_.inside - answer_.outside
            << '\n';
        return true;
    }

  private:
    std::uint32_t host_address(std::uint32_t flow) const {
        return options_.network + first_host + flow % hosts;
    }

    template <typename Done>
    void wait(Done done) {
        const auto deadline = Clock::now() + std::chrono::seconds(options_.patience);
        pollfd fds[] = {{rig_.inside.fd(), POLLIN, 0},
                        {rig_.outside.fd(), POLLIN, 0},
                        {rig_.inside_port.fd(), POLLIN, 0},
                        {rig_.outside_port.fd(), POLLIN, 0}};
        while (!done() && Clock::now() < deadline) {
            ::poll(fds, 4, 50);
            while (const auto frame = rig_.outside.receive())
                at_outside(*frame);
            while (const auto frame = rig_.inside.receive())
                at_inside(*frame);
            while (const auto frame = rig_.inside_port.receive())
                pass(*frame, &Passage::inside);
            while (const auto frame = rig_.outside_port.receive())
                pass(*frame, &Passage::outside);
        }
    }

    void at_inside(const PacketSocket::Frame& frame) {
        if (frame.outgoing) return;
        if (const auto ask = ArpRequest::read(frame.bytes)) {
            const auto host = ask->target - options_.network;
            if (host >= first_host && host < first_host + hosts) {
                rig_.inside.send(ask->write_reply(rig_.inside.mac()));
            }
        } else if (const auto mac = ArpRequest::read_reply(frame.bytes, options_.gateway)) {
            next_hop_ = *mac;
            found_ = true;
        } else if (const auto packet = UdpFrame::read(frame.bytes)) {
            answered_ |= packet->is_answer && packet->number == flow_ &&
                         packet->destination.address == host_address(flow_);
        }
    }

    void at_outside(const PacketSocket::Frame& frame) {
        if (frame.outgoing) return;
        if (const auto ask = ArpRequest::read(frame.bytes)) {
            if (ask->target == options_.server) {
                rig_.outside.send(ask->write_reply(rig_.outside.mac()));
            }
        } else if (auto packet = UdpFrame::read(frame.bytes);
                   packet && !packet->is_answer && packet->number == flow_ && !arrived_) {
            arrived_ = true;
            std::swap(packet->source, packet->destination);
            packet->destination_mac = packet->source_mac;
            packet->source_mac = rig_.outside.mac();
            packet->is_answer = true;
            rig_.outside.send(packet->write());
        }
    }

    void pass(const PacketSocket::Frame& frame, std::int64_t Passage::*port) {
        const auto packet = UdpFrame::read(frame.bytes);
        if (!packet || packet->number != flow_) return;
        Passage& passage = packet->is_answer ? answer_ : request_;
        if (passage.*port == 0) passage.*port = frame.timestamp_ns;
    }

    const Options& options_;
    Rig& rig_;
    Mac next_hop_{};
    bool found_ = false;
    std::uint32_t flow_ = 0;
    Passage request_, answer_;
    bool arrived_ = false, answered_ = false;
};

bool parse(int argc, char** argv, Options& options) {
    std::map<std::string_view, std::string*> texts{{"--inside", &options.inside},
                                                   {"--outside", &options.outside},
                                                   {"--inside-port", &options.inside_port},
                                                   {"--outside-port", &options.outside_port},
                                                   {"--out", &options.out}};
    std::map<std::string_view, std::uint32_t*> addresses{{"--network", &options.network},
                                                         {"--server", &options.server},
                                                         {"--gateway", &options.gateway}};
    std::map<std::string_view, std::uint32_t*> numbers{{"--flows", &options.flows},
                                                       {"--first", &options.first},
                                                       {"--patience", &options.patience},
                                                       {"--losses", &options.losses}};
    for (int i = 1; i < argc; ++i) {
        const std::string_view word = argv[i];
        if (word == "--until-loss") {
            options.until_loss = true;
            continue;
        }
        if (++i == argc) return false;
        std::string value = argv[i];
        if (const auto text = texts.find(word); text != texts.end()) {
            *text->second = value;
        } else if (const auto address = addresses.find(word); address != addresses.end()) {
            if (word == "--network") value += ".0";
            in_addr parsed{};
            if (::inet_pton(AF_INET, value.c_str(), &parsed) != 1) return false;
            *address->second = ntohl(parsed.s_addr);
        } else if (const auto number = numbers.find(word); number != numbers.end()) {
            const char* const end = value.data() + value.size();
            if (std::from_chars(value.data(), end, *number->second).ptr != end) return false;
        } else {
            return false;
        }
    }
    return !options.inside.empty() && !options.outside.empty() && !options.inside_port.empty() &&
           !options.outside_port.empty() && !options.out.empty() && options.network != 0 &&
           options.server != 0 && options.flows > 0 &&
           (options.first + options.flows) / hosts < 45'000;
}

}  // namespace

int main(int argc, char** argv) {
    Options options;
    if (!parse(argc, argv, options)) {
        std::fprintf(
            stderr,
            "usage: bridge_delay --inside IF --outside IF --inside-port IF --outside-port IF "
            "--network A.B.C --server ADDRESS [--gateway ADDRESS] --flows N [--first N] "
            "[--patience SECONDS] [--losses N] [--until-loss] --out FILE\n");
        return 2;
    }
    auto inside = PacketSocket::open(options.inside);
    auto outside = PacketSocket::open(options.outside);
    auto inside_port = PacketSocket::open(options.inside_port);
    auto outside_port = PacketSocket::open(options.outside_port);
    for (const auto* socket : {&inside, &outside, &inside_port, &outside_port}) {
        if (!*socket) {
            std::fprintf(stderr, "bridge_delay: %s\n", socket->error().c_str());
            return 1;
        }
    }
    Rig rig{std::move(*inside), std::move(*outside), std::move(*inside_port),
            std::move(*outside_port)};
    std::ofstream out(options.out);
    out << "insertion_ns,lookup_ns\n";

    Measurement measurement(options, rig);
    if (!measurement.find_gateway()) return 1;
    std::uint32_t lost = 0;
    for (std::uint32_t flow = options.first; flow < options.first + options.flows; ++flow) {
        if (measurement.measure(flow, out)) continue;
        if (options.until_loss) break;
        if (++lost > 20) {
            std::fprintf(stderr, "bridge_delay: gave up after 20 losses\n");
            return 1;
        }
    }
    if (!out.flush()) {
        std::fprintf(stderr, "bridge_delay: cannot write %s\n", options.out.c_str());
        return 1;
    }
    if (lost > 0) std::fprintf(stderr, "bridge_delay: %u of %u flows lost\n", lost, options.flows);
    return lost <= options.losses ? 0 : 1;
}
