#include "net/interface.hpp"

#include <algorithm>

namespace stemma::net {

namespace {

// RFC 5227's ANNOUNCE_INTERVAL
constexpr auto announce_interval = rt::Duration::seconds(2);

bool is_station(const MacAddress& mac) {
    return !mac.is_group() && mac != MacAddress{};
}

}  // namespace

Interface::Interface(unsigned vif, rt::Port& port, const InterfaceAddress& address,
                     rt::Entropy& entropy, const ArpCache::Options& arp)
    : vif_(vif), port_(port), mac_(port.mac()), address_(address), arp_(*this, entropy, arp) {}

void Interface::announce(rt::Instant now) {
    send_announcement();
    announce_at_ = now + announce_interval;
}

void Interface::send_announcement() {
    send_arp({ArpPacket::request, mac_, address(), {}, address()}, MacAddress::broadcast());
}

void Interface::receive_arp(std::span<const std::uint8_t> frame, rt::Instant now) {
    const auto packet = ArpPacket::read(frame.subspan(EthernetHeader::size));
    if (!packet || !is_station(packet->sender_mac)) {
        ++counters_.drop_arp;
        return;
    }
    if (packet->sender == address()) {
        if (packet->sender_mac == mac_) return;
        // RFC 5227 section 2.4 (c): go on using the address, defend it now and then
        ++counters_.arp_conflicts;
        if (defence_.take(now)) send_announcement();
        return;
    }
    const bool is_request = packet->operation == ArpPacket::request;
    const bool for_us = packet->target == address();
    // RFC 826: any packet corrects an entry. Only a question for us makes one, and not an answer,
    // though the RFC lets it: nobody may fill the cache with answers that were not asked for.
    const bool on_link = network().contains(packet->sender) &&
                         packet->sender != network().broadcast() &&
                         !packet->sender.is_unspecified();
    if (on_link) arp_.learn(packet->sender, packet->sender_mac, is_request && for_us, now);
    if (is_request && for_us)
        send_arp({ArpPacket::reply, mac_, address(), packet->sender_mac, packet->sender},
                 packet->sender_mac);
}

std::optional<Ipv4Address> Interface::next_hop(Ipv4Address destination) const {
    if (destination.is_multicast() || destination.is_reserved() || destination.is_unspecified())
        return std::nullopt;
    if (!network().contains(destination)) return address_.gateway;
    // RFC 3021: networks of two addresses have no broadcast
    if (network().prefix_length < 31 &&
        (destination == network().broadcast() ||
         destination.value == (destination.value & network().mask())))
        return std::nullopt;
    return destination;
}

std::span<std::uint8_t> Interface::reserve(std::size_t packet_size) {
    const auto frame = port_.reserve(EthernetHeader::size + packet_size);
    if (frame.empty()) ++counters_.drop_transmit;
    return frame;
}

void Interface::write_header(std::span<std::uint8_t> frame, const MacAddress& destination) const {
    EthernetHeader{destination, mac_, ether_type::ipv4}.write(frame.first<EthernetHeader::size>());
}

Sent Interface::send_reserved(std::span<std::uint8_t> frame, Ipv4Address next_hop,
                              rt::Instant now) {
    const auto resolution = arp_.resolve(next_hop, now);
    if (resolution.mac == nullptr) return wait(frame, next_hop, resolution.waiting);
    write_header(frame, *resolution.mac);
    port_.send_reserved(frame.size());
    ++counters_.sent;
    return Sent::sent;
}

Sent Interface::send_reply(std::span<std::uint8_t> frame, Ipv4Address next_hop,
                           const MacAddress& source, rt::Instant now) {
    const auto* known = arp_.use(next_hop, now);
    write_header(frame, known != nullptr ? *known : source);
    port_.send_reserved(frame.size());
    ++counters_.sent;
    return Sent::sent;
}

Sent Interface::forward(std::span<std::uint8_t> frame, Ipv4Address next_hop, rt::Instant now) {
    const auto resolution = arp_.resolve(next_hop, now);
    if (resolution.mac == nullptr) return wait(frame, next_hop, resolution.waiting);
    write_header(frame, *resolution.mac);
    const auto room = port_.reserve(frame.size());
    if (room.empty()) {
        ++counters_.drop_transmit;
        return Sent::dropped;
    }
    std::copy(frame.begin(), frame.end(), room.begin());
    port_.send_reserved(frame.size());
    ++counters_.sent;
    return Sent::sent;
}

Sent Interface::wait(std::span<const std::uint8_t> frame, Ipv4Address next_hop, bool waiting) {
    if (!waiting) {
        ++counters_.drop_unresolved;
        return Sent::dropped;
    }
    const auto added = waiting_.add(next_hop, frame);
    if (added != WaitingFrames::Added::kept) ++counters_.drop_waiting;
    if (added == WaitingFrames::Added::refused) return Sent::dropped;
    return Sent::waiting;
}

void Interface::request(Ipv4Address target, const MacAddress* known) {
    requests_.push_back({target, known == nullptr ? std::nullopt : std::optional(*known)});
}

void Interface::resolved(Ipv4Address address, const MacAddress& mac, rt::Instant) {
    waiting_.take(address, [&](std::span<std::uint8_t> frame) {
        const auto room = port_.reserve(frame.size());
        if (room.empty()) {
            ++counters_.drop_transmit;
            return;
        }
        write_header(frame, mac);
        std::copy(frame.begin(), frame.end(), room.begin());
        port_.send_reserved(frame.size());
        ++counters_.sent;
    });
}

void Interface::unresolved(Ipv4Address address) {
    counters_.drop_unresolved += waiting_.take(address, [](std::span<std::uint8_t>) {});
}

void Interface::send_arp(const ArpPacket& packet, const MacAddress& destination) {
    constexpr std::size_t size = EthernetHeader::size + ArpPacket::size;
    const auto frame = port_.reserve(size);
    if (frame.empty()) {
        ++counters_.drop_transmit;
        return;
    }
    EthernetHeader{destination, mac_, ether_type::arp}.write(frame.first<EthernetHeader::size>());
    packet.write(frame.subspan<EthernetHeader::size, ArpPacket::size>());
    port_.send_reserved(size);
    ++counters_.sent;
}

rt::Instant Interface::run(rt::Instant now) {
    const auto arp_due = arp_.run(now);
    if (now >= announce_at_) {
        announce_at_ = rt::Instant::never();
        send_announcement();
    }
    for (const auto& request : requests_) {
        ++counters_.arp_requests_sent;
        send_arp({ArpPacket::request, mac_, address(), {}, request.target},
                 request.known ? *request.known : MacAddress::broadcast());
    }
    requests_.clear();
    port_.flush();
    return std::min(arp_due, announce_at_);
}

}  // namespace stemma::net
