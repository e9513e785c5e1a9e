#include "udp_frame.hpp"

#include <algorithm>

namespace stemma::bench {
namespace {

constexpr std::size_t ip_at = 14, udp_at = 34, payload_at = 42;
constexpr std::size_t frame_size = 60;  // the shortest Ethernet frame; 18 octets of payload
constexpr std::uint32_t magic = 0x5354454d;

void put16(std::vector<std::uint8_t>& frame, std::size_t at, std::uint32_t value) {
    frame[at] = static_cast<std::uint8_t>(value >> 8);
    frame[at + 1] = static_cast<std::uint8_t>(value);
}
void put32(std::vector<std::uint8_t>& frame, std::size_t at, std::uint32_t value) {
    put16(frame, at, value >> 16);
    put16(frame, at + 2, value & 0xffff);
}
std::uint16_t get16(std::span<const std::uint8_t> frame, std::size_t at) {
    return static_cast<std::uint16_t>(frame[at] << 8 | frame[at + 1]);
}
std::uint32_t get32(std::span<const std::uint8_t> frame, std::size_t at) {
    return std::uint32_t{get16(frame, at)} << 16 | get16(frame, at + 2);
}

// RFC 1071, over an even number of octets.
std::uint16_t checksum(std::span<const std::uint8_t> bytes, std::uint32_t sum = 0) {
    for (std::size_t i = 0; i + 1 < bytes.size(); i += 2)
        sum += get16(bytes, i);
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return static_cast<std::uint16_t>(~sum);
}

// Over the pseudo header (RFC 768) and the datagram.
std::uint16_t udp_checksum(std::span<const std::uint8_t> frame) {
    std::uint32_t sum = 17u + (frame_size - udp_at);
    for (std::size_t i = ip_at + 12; i < ip_at + 20; i += 2)
        sum += get16(frame, i);
    return checksum(frame.subspan(udp_at, frame_size - udp_at), sum);
}

}  // namespace

std::vector<std::uint8_t> UdpFrame::write() const {
    std::vector<std::uint8_t> frame(frame_size);
    std::copy(destination_mac.begin(), destination_mac.end(), frame.begin());
    std::copy(source_mac.begin(), source_mac.end(), frame.begin() + 6);
    put16(frame, 12, 0x0800);
    frame[ip_at] = 0x45;
    put16(frame, ip_at + 2, frame_size - ip_at);
    put16(frame, ip_at + 4, number);
    frame[ip_at + 8] = 64;
    frame[ip_at + 9] = 17;
    put32(frame, ip_at + 12, source.address);
    put32(frame, ip_at + 16, destination.address);
    put16(frame, ip_at + 10, checksum(std::span(frame).subspan(ip_at, 20)));
    put16(frame, udp_at, source.port);
    put16(frame, udp_at + 2, destination.port);
    put16(frame, udp_at + 4, frame_size - udp_at);
    put32(frame, payload_at, magic);
    put32(frame, payload_at + 4, number);
    frame[payload_at + 8] = is_answer ? 1 : 0;
    const auto sum = udp_checksum(frame);
    put16(frame, udp_at + 6, sum == 0 ? 0xffff : sum);
    return frame;
}

std::optional<UdpFrame> UdpFrame::read(std::span<const std::uint8_t> frame) {
    if (frame.size() < frame_size || get16(frame, 12) != 0x0800 || frame[ip_at] != 0x45 ||
        frame[ip_at + 9] != 17 || get16(frame, udp_at + 4) != frame_size - udp_at ||
        get32(frame, payload_at) != magic || checksum(frame.subspan(ip_at, 20)) != 0 ||
        udp_checksum(frame) != 0) {
        return std::nullopt;
    }
    UdpFrame out;
    std::copy_n(frame.begin(), 6, out.destination_mac.begin());
    std::copy_n(frame.begin() + 6, 6, out.source_mac.begin());
    out.source = {get32(frame, ip_at + 12), get16(frame, udp_at)};
    out.destination = {get32(frame, ip_at + 16), get16(frame, udp_at + 2)};
    out.number = get32(frame, payload_at + 4);
    out.is_answer = frame[payload_at + 8] != 0;
    return out;
}

std::vector<std::uint8_t> ArpRequest::write() const {
    std::vector<std::uint8_t> frame(frame_size);
    std::fill_n(frame.begin(), 6, std::uint8_t{0xff});
    std::copy(sender_mac.begin(), sender_mac.end(), frame.begin() + 6);
    put16(frame, 12, 0x0806);
    put32(frame, 14, 0x00010800);
    put32(frame, 18, 0x06040001);
    std::copy(sender_mac.begin(), sender_mac.end(), frame.begin() + 22);
    put32(frame, 28, sender);
    put32(frame, 38, target);
    return frame;
}

std::vector<std::uint8_t> ArpRequest::write_reply(const Mac& target_mac) const {
    auto frame = ArpRequest{target_mac, target, sender}.write();
    std::copy(sender_mac.begin(), sender_mac.end(), frame.begin());
    put16(frame, 20, 2);
    std::copy(sender_mac.begin(), sender_mac.end(), frame.begin() + 32);
    return frame;
}

std::optional<ArpRequest> ArpRequest::read(std::span<const std::uint8_t> frame) {
    if (frame.size() < 42 || get16(frame, 12) != 0x0806 || get16(frame, 20) != 1)
        return std::nullopt;
    ArpRequest out;
    std::copy_n(frame.begin() + 22, 6, out.sender_mac.begin());
    out.sender = get32(frame, 28);
    out.target = get32(frame, 38);
    return out;
}

std::optional<Mac> ArpRequest::read_reply(std::span<const std::uint8_t> frame,
                                          std::uint32_t address) {
    if (frame.size() < 42 || get16(frame, 12) != 0x0806 || get16(frame, 20) != 2 ||
        get32(frame, 28) != address) {
        return std::nullopt;
    }
    Mac mac{};
    std::copy_n(frame.begin() + 22, 6, mac.begin());
    return mac;
}

}  // namespace stemma::bench
