#include "self_test/guest_rig.hpp"

#include "net/arp_packet.hpp"
#include "net/ethernet.hpp"

namespace stemma::self_test {

namespace {

// Locally administered: the guest's port, and all who are on its link.
net::MacAddress guest_mac(std::size_t port) {
    return {{2, 0, 0, 0, static_cast<std::uint8_t>(port), 1}};
}
net::MacAddress link_mac(std::size_t port) {
    return {{2, 0, 0, 0, static_cast<std::uint8_t>(port), 2}};
}

constexpr std::size_t header = net::EthernetHeader::size;

}  // namespace

GuestRig::GuestRig(rt::Entropy& entropy, std::size_t ports, std::string_view arguments)
    : entropy_(entropy), arguments_(arguments) {
    for (std::size_t i = 0; i < ports; ++i) {
        ports_.push_back(std::make_unique<MemoryPort>(guest_mac(i)));
        port_pointers_.push_back(ports_.back().get());
    }
}

bool GuestRig::start() {
    const auto before = static_cast<std::uint64_t>(__builtin_ia32_rdtsc());
    guest_ = rt::make_guest(
        {port_pointers_, clock_, entropy_, console_, store_.store(), arguments_, {}});
    ticks_ += static_cast<std::uint64_t>(__builtin_ia32_rdtsc()) - before;
    return guest_ != nullptr;
}

void GuestRig::send(std::size_t port, const Datagram& datagram) {
    Frame frame = datagram.packet(header);
    net::EthernetHeader{guest_mac(port), link_mac(port), net::ether_type::ipv4}.write(
        std::span(frame).first<header>());
    ports_[port]->arrive(std::move(frame));
}

void GuestRig::run(int turns) {
    for (int i = 0; i < turns; ++i) {
        clock_.advance(rt::Duration::milliseconds(1));
        const auto before = static_cast<std::uint64_t>(__builtin_ia32_rdtsc());
        guest_->run(clock_.now());
        ticks_ += static_cast<std::uint64_t>(__builtin_ia32_rdtsc()) - before;
        store_.run();
        for (std::size_t port = 0; port < ports_.size(); ++port)
            carry(port);
    }
}

void GuestRig::carry(std::size_t port) {
    for (const Frame& frame : ports_[port]->take_sent()) {
        const auto ethernet = net::EthernetHeader::read(frame);
        if (!ethernet) continue;
        const auto payload = std::span(frame).subspan(header);
        if (ethernet->type != net::ether_type::arp) {
            const bool to_link = ethernet->destination == link_mac(port);
            const auto datagram = to_link ? Datagram::read(payload) : std::nullopt;
            sent_[port].push_back(datagram.value_or(Datagram{}));
            continue;
        }
        const auto arp = net::ArpPacket::read(payload);
        // An announcement asks for the sender's own address: nobody answers.
        if (!arp || arp->operation != net::ArpPacket::request || arp->sender == arp->target) {
            continue;
        }
        Frame reply(header + net::ArpPacket::size);
        net::EthernetHeader{arp->sender_mac, link_mac(port), net::ether_type::arp}.write(
            std::span(reply).first<header>());
        net::ArpPacket{net::ArpPacket::reply, link_mac(port), arp->target, arp->sender_mac,
                       arp->sender}
            .write(std::span(reply).subspan<header, net::ArpPacket::size>());
        ports_[port]->arrive(std::move(reply));
    }
}

std::vector<Datagram> GuestRig::take(std::size_t port) {
    return std::exchange(sent_[port], {});
}

}  // namespace stemma::self_test
