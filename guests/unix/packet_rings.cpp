#include "unix/packet_rings.hpp"

#include <linux/if_packet.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstring>
#include <utility>

namespace stemma::hosted {

namespace {

constexpr std::size_t block_size = 65536;
constexpr std::size_t rings_budget = 8u << 20;
constexpr std::size_t receive_max = 4096;
constexpr std::size_t receive_min = 128;
// Before a received frame stand tpacket2_hdr, sockaddr_ll, the offload header and padding; up to 18
// bytes of Ethernet header follow.
constexpr std::size_t overhead = 128;
// Where tpacket_snd() of the kernel takes a frame from when PACKET_TX_HAS_OFF is not set.
constexpr std::size_t send_offset = 32;
static_assert(sizeof(tpacket2_hdr) == send_offset);

// struct virtio_net_hdr of linux/virtio_net.h (a header that C++ cannot read), which stands before
// each frame under PACKET_VNET_HDR. The kernel copies the first header_length bytes of a frame that
// it sends into its packet, and lends out the pages of the rest; veth then has to copy those pages
// before it can pass them on. To say that all of the frame is header saves that: a fifth of the
// whole cost of a small frame. Received frames have it too, in front of where tp_mac points.
struct OffloadHeader {
    std::uint8_t flags = 0;         // no checksum to complete
    std::uint8_t segmentation = 0;  // none
    std::uint16_t header_length = 0;
    std::uint16_t segment_size = 0;
    std::uint16_t checksum_start = 0;
    std::uint16_t checksum_offset = 0;
};
static_assert(sizeof(OffloadHeader) == 10);
constexpr std::size_t frame_offset = send_offset + sizeof(OffloadHeader);
// Keeps the IP header of a received frame on a multiple of 16 behind the offload header.
constexpr int receive_reserve = 16 - sizeof(OffloadHeader);

std::atomic_ref<std::uint32_t> status(std::byte* place) {
    static_assert(offsetof(tpacket2_hdr, tp_status) == 0);
    // the mapping is page-aligned and places are multiples of TPACKET_ALIGNMENT
    return std::atomic_ref(*reinterpret_cast<std::uint32_t*>(place));
}

std::expected<void, EdgeError> set_option(int socket, int option, const void* value,
                                          std::size_t size, const char* name) {
    if (setsockopt(socket, SOL_PACKET, option, value, static_cast<socklen_t>(size)) == 0) return {};
    return std::unexpected(
        EdgeError::from_errno(std::string("setting ") + name + " on the port's packet socket"));
}

}  // namespace

RingSizes RingSizes::for_ports(std::size_t ports, std::size_t mtu) {
    RingSizes sizes;
    sizes.frame = std::max<std::size_t>(std::bit_ceil(mtu + overhead), 2048);
    const std::size_t places = rings_budget / std::max<std::size_t>(ports, 1) / sizes.frame;
    sizes.receive = std::clamp(std::bit_floor(places * 2 / 3), receive_min, receive_max);
    sizes.send = sizes.receive / 2;
    return sizes;
}

std::expected<PacketRings, EdgeError> PacketRings::open(int socket, const RingSizes& sizes) {
    struct Option {
        int option;
        int value;
        const char* name;
    };
    // PACKET_LOSS: a frame the kernel finds malformed is skipped instead of stopping the ring.
    constexpr Option options[] = {
        {PACKET_VERSION, TPACKET_V2, "PACKET_VERSION"},
        {PACKET_IGNORE_OUTGOING, 1, "PACKET_IGNORE_OUTGOING"},
        {PACKET_QDISC_BYPASS, 1, "PACKET_QDISC_BYPASS"},
        {PACKET_LOSS, 1, "PACKET_LOSS"},
        {PACKET_VNET_HDR, 1, "PACKET_VNET_HDR"},
        {PACKET_RESERVE, receive_reserve, "PACKET_RESERVE"},
    };
    for (const auto& [option, value, name] : options) {
        const auto set = set_option(socket, option, &value, sizeof value, name);
        if (!set) return std::unexpected(set.error());
    }
    const auto request = [&](std::size_t places) {
        const std::size_t block = std::max(block_size, sizes.frame);
        tpacket_req req{};
        req.tp_block_size = static_cast<unsigned>(block);
        req.tp_block_nr = static_cast<unsigned>(places * sizes.frame / block);
        req.tp_frame_size = static_cast<unsigned>(sizes.frame);
        req.tp_frame_nr = static_cast<unsigned>(places);
        return req;
    };
    const tpacket_req receive = request(sizes.receive);
    const tpacket_req send = request(sizes.send);
    auto set = set_option(socket, PACKET_RX_RING, &receive, sizeof receive, "PACKET_RX_RING");
    if (set) set = set_option(socket, PACKET_TX_RING, &send, sizeof send, "PACKET_TX_RING");
    if (!set) return std::unexpected(set.error());

    void* const memory =
        mmap(nullptr, sizes.bytes(), PROT_READ | PROT_WRITE, MAP_SHARED, socket, 0);
    if (memory == MAP_FAILED) {
        return std::unexpected(EdgeError::from_errno("mapping " + std::to_string(sizes.bytes()) +
                                                     " bytes of packet rings"));
    }
    return PacketRings(static_cast<std::byte*>(memory), sizes);
}

PacketRings::PacketRings(PacketRings&& other) noexcept
    : memory_(std::exchange(other.memory_, nullptr)),
      sizes_(other.sizes_),
      next_receive_(other.next_receive_),
      next_send_(other.next_send_) {}

PacketRings::~PacketRings() {
    if (memory_ != nullptr) munmap(memory_, sizes_.bytes());
}

bool PacketRings::has_received() const {
    return (status(receive_place()).load(std::memory_order_acquire) & TP_STATUS_USER) != 0;
}

PacketRings::Received PacketRings::received() const {
    std::byte* const place = receive_place();
    tpacket2_hdr header;
    std::memcpy(&header, place, sizeof header);
    Received frame;
    frame.partial_checksum = (header.tp_status & TP_STATUS_CSUMNOTREADY) != 0;
    frame.losing = (header.tp_status & TP_STATUS_LOSING) != 0;
    frame.vlan = (header.tp_status & TP_STATUS_VLAN_VALID) != 0;
    const bool whole = header.tp_snaplen == header.tp_len &&
                       std::size_t{header.tp_mac} + header.tp_snaplen <= sizes_.frame;
    if (whole) {
        frame.bytes = {reinterpret_cast<std::uint8_t*>(place + header.tp_mac), header.tp_snaplen};
    }
    return frame;
}

void PacketRings::release() {
    status(receive_place()).store(TP_STATUS_KERNEL, std::memory_order_release);
    if (++next_receive_ == sizes_.receive) next_receive_ = 0;
}

bool PacketRings::has_room() const {
    // with PACKET_LOSS set a refused frame's place comes back as available, never WRONG_FORMAT
    return status(send_place()).load(std::memory_order_acquire) == TP_STATUS_AVAILABLE;
}

std::span<std::uint8_t> PacketRings::place() const {
    return {reinterpret_cast<std::uint8_t*>(send_place() + frame_offset),
            sizes_.frame - frame_offset};
}

void PacketRings::queue(std::size_t size) {
    std::byte* const place = send_place();
    OffloadHeader offload;
    offload.header_length = static_cast<std::uint16_t>(size);
    std::memcpy(place + send_offset, &offload, sizeof offload);
    const auto length = static_cast<std::uint32_t>(sizeof offload + size);
    std::memcpy(place + offsetof(tpacket2_hdr, tp_len), &length, sizeof length);
    status(place).store(TP_STATUS_SEND_REQUEST, std::memory_order_release);
    if (++next_send_ == sizes_.send) next_send_ = 0;
}

}  // namespace stemma::hosted
