#include "nat/nat_guest.hpp"

#include <algorithm>

#include "nat/fragmenter.hpp"
#include "net/byte_order.hpp"
#include "net/icmp_error.hpp"
#include "net/icmp_header.hpp"

namespace stemma::nat {

namespace {

constexpr std::string_view mapping_directory = "data/net/nat";
constexpr std::string_view arp_directory = "data/net/arp";

net::InterfaceAddress outside_address(const Options& options) {
    return {options.outside.interface, options.gateway};
}

FlowTableOptions table_options(const Options& options) {
    FlowTableOptions result;
    result.filtering = options.filtering;
    result.limits.mappings_per_host = options.host_limit;
    return result;
}

}  // namespace

NatGuest::NatGuest(const rt::Environment& environment, const Options& options)
    : clock_(environment.clock),
      store_(environment.store),
      console_(environment.console),
      options_(options),
      ticks_(environment.clock.now()),
      now_(environment.clock.now()),
      inside_(options.inside.vif, *environment.ports[options.inside.vif],
              {options.inside.interface, std::nullopt}, environment.entropy),
      outside_(options.outside.vif, *environment.ports[options.outside.vif],
               outside_address(options), environment.entropy),
      table_(table_options(options), environment.entropy, 0),
      translator_({.inside = options.inside.interface,
                   .outside = options.outside.interface,
                   .inside_mtu = inside_.port().mtu(),
                   .outside_mtu = outside_.port().mtu()},
                  table_, counters_, environment.entropy.get<std::uint16_t>()),
      arp_source_(environment.clock, {&inside_, &outside_}),
      arp_mirror_(environment.store, environment.clock, arp_source_, {.directory = arp_directory}),
      stats_(environment.store),
      ready_(environment.store) {
    host_.add(inside_);
    host_.add(outside_);
    if (options.mirror) {
        mapping_source_.emplace(
            table_,
            MappingMirrorOptions{options.inside.interface, options.outside.interface.address,
                                 options.mirror_age},
            environment.entropy, console_);
        mapping_mirror_.emplace(store_, clock_, *mapping_source_,
                                rt::MirrorOptions{.directory = mapping_directory});
        table_.set_listener(&*mapping_source_);
    }
    restore(environment.saved_state);
    add_stats();
    ready_.serves();
}

rt::Instant NatGuest::run(rt::Instant now) {
    now_ = now;
    tick_ = ticks_.tick(now);
    if (mapping_source_) mapping_source_->set_now(now, tick_, clock_.utc());
    if (!announced_) announce();

    bool more = receive_frames(Side::inside, inside_sink_);
    more |= receive_frames(Side::outside, outside_sink_);
    // Flushes both ports: nothing below delays a packet.
    rt::Instant next = host_.run(now);

    more |= !table_.expire(tick_, timers_per_turn);
    if (table_.session_count() > 0) next = std::min(next, ticks_.instant(tick_ + 1));
    if (mapping_mirror_) {
        next = std::min(next, mapping_source_->run());
        next = std::min(next, mapping_mirror_->run(now));
    }
    next = std::min(next, arp_mirror_.run(now));
    update_stats();
    next = std::min(next, stats_.run(now));
    next = std::min(next, ready_.run(now));
    return more ? now : next;
}

bool NatGuest::receive_frames(Side side, Sink& sink) {
    return interface(side).port().receive(sink, frames_per_turn) == frames_per_turn;
}

void NatGuest::receive(Side side, std::span<std::uint8_t> frame) {
    net::Interface& in = interface(side);
    auto& seen = in.counters();
    ++seen.received;
    const auto ethernet = net::EthernetHeader::read(frame);
    if (!ethernet) {
        ++seen.drop_ethernet;
        return;
    }
    if (!in.is_for_us(*ethernet)) {
        ++seen.drop_other_mac;
        return;
    }
    if (ethernet->type == net::ether_type::arp) return in.receive_arp(frame, now_);
    if (ethernet->type != net::ether_type::ipv4) {
        ++seen.drop_ether_type;
        return;
    }
    // RFC 1812 section 5.3.4: what came to a group of stations is not forwarded.
    if (ethernet->destination.is_group()) {
        ++counters_[Counter::dropped_martian];
        return;
    }
    translate(side, frame, *ethernet);
}

void NatGuest::translate(Side side, std::span<std::uint8_t> frame,
                         const net::EthernetHeader& ethernet) {
    const auto packet = frame.subspan(net::EthernetHeader::size);
    const Verdict verdict = translator_.translate(side, packet, now_, tick_);
    switch (verdict.action) {
        case Verdict::Action::drop:
            return;
        case Verdict::Action::forward:
            send(verdict.to, frame);
            if (verdict.releases_fragments) send_released(side, ethernet);
            return;
        case Verdict::Action::local:
        case Verdict::Action::answer:
            break;
    }
    const auto header = net::Ipv4Header::read(packet);
    if (!header) return;
    if (verdict.action == Verdict::Action::local)
        return host_.deliver(interface(side), frame, ethernet, *header, now_);
    net::send_icmp_error(interface(side),
                         {verdict.icmp_type, verdict.icmp_code, verdict.next_hop_mtu}, frame,
                         ethernet, *header, now_);
}

void NatGuest::send(Side to, std::span<std::uint8_t> frame) {
    const auto packet = frame.subspan(net::EthernetHeader::size);
    const std::size_t size = net::load_be16(&packet[2]);
    net::Interface& out = interface(to);
    const auto next_hop = out.next_hop({net::load_be32(&packet[16])});
    if (!next_hop) {
        ++counters_[Counter::dropped_unroutable];
        return;
    }
    if (size > translator_.mtu(to)) return send_split(out, packet.first(size), *next_hop);
    if (out.forward(frame.first(net::EthernetHeader::size + size), *next_hop, now_) ==
        net::Sent::dropped)
        ++counters_[Counter::dropped_unsent];
}

void NatGuest::send_split(net::Interface& out, std::span<const std::uint8_t> packet,
                          net::Ipv4Address next_hop) {
    const auto header = net::Ipv4Header::read(packet);
    if (!header) return;
    split_packet(packet, *header, out.port().mtu(),
                 [&](const net::Ipv4Header& part, std::span<const std::uint8_t> payload) {
                     const auto room = out.reserve(part.total_length);
                     if (room.empty()) {
                         ++counters_[Counter::dropped_unsent];
                         return;
                     }
                     part.write(room.subspan<net::EthernetHeader::size, net::Ipv4Header::size>());
                     std::copy(payload.begin(), payload.end(),
                               room.begin() + net::EthernetHeader::size + net::Ipv4Header::size);
                     if (out.send_reserved(room, next_hop, now_) == net::Sent::dropped)
                         ++counters_[Counter::dropped_unsent];
                 });
}

void NatGuest::send_released(Side side, const net::EthernetHeader& ethernet) {
    while (true) {
        const auto waited = translator_.next_released();
        if (waited.empty()) return;
        const auto frame = std::span(released_).first(net::EthernetHeader::size + waited.size());
        std::copy(waited.begin(), waited.end(), frame.begin() + net::EthernetHeader::size);
        translate(side, frame, ethernet);
    }
}

void NatGuest::announce() {
    announced_ = true;
    inside_.announce(now_);
    outside_.announce(now_);
}

}  // namespace stemma::nat
