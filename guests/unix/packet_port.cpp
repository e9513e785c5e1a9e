#include "unix/packet_port.hpp"

#include <linux/if_packet.h>
#include <sys/socket.h>

#include "net/ethernet.hpp"
#include "unix/partial_checksum.hpp"

namespace stemma::hosted {

std::expected<PacketPort, EdgeError> PacketPort::open(int socket, const net::MacAddress& mac,
                                                      std::size_t mtu, const RingSizes& sizes) {
    auto rings = PacketRings::open(socket, sizes);
    if (!rings) return std::unexpected(rings.error());
    return PacketPort(socket, mac, mtu, std::move(*rings));
}

std::size_t PacketPort::receive(rt::FrameSink& sink, std::size_t budget) {
    std::size_t handed = 0;
    while (handed < budget && rings_.has_received()) {
        auto frame = rings_.received();
        if (accept(frame)) {
            ++counters_.received;
            sink.frame(frame.bytes);
        } else {
            ++counters_.receive_refused;
        }
        rings_.release();
        ++handed;
    }
    return handed;
}

bool PacketPort::accept(PacketRings::Received& frame) {
    losing_ = losing_ || frame.losing;
    if (frame.bytes.empty() || frame.vlan) return false;
    if (frame.bytes.size() > mtu_ + net::EthernetHeader::size) return false;
    return !frame.partial_checksum || complete_checksum(frame.bytes);
}

std::span<std::uint8_t> PacketPort::reserve(std::size_t size) {
    reserved_ = 0;
    if (size > mtu_ + net::EthernetHeader::size) {
        ++counters_.send_refused;
        return {};
    }
    if (!rings_.has_room()) {
        // The ring may be full of frames that only wait for this. Once, not for each frame beyond.
        if (queued_) flush();
        if (!rings_.has_room()) {
            ++counters_.send_overruns;
            return {};
        }
    }
    reserved_ = size;
    return rings_.place().first(size);
}

void PacketPort::send_reserved(std::size_t size) {
    if (size > reserved_ || size < net::EthernetHeader::size) {
        reserved_ = 0;
        ++counters_.send_refused;
        return;
    }
    reserved_ = 0;
    rings_.queue(size);
    queued_ = true;
    ++counters_.sent;
}

void PacketPort::flush() {
    if (!queued_ && !unsent_) return;
    queued_ = false;
    // ENOBUFS and EAGAIN leave the frames in the ring, and so does ENETDOWN
    unsent_ = ::send(socket_, nullptr, 0, MSG_DONTWAIT) < 0;
}

void PacketPort::take_error() {
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(socket_, SOL_SOCKET, SO_ERROR, &error, &size);
}

void PacketPort::count_overruns() {
    if (!losing_) return;
    losing_ = false;
    tpacket_stats stats{};
    socklen_t size = sizeof stats;
    if (getsockopt(socket_, SOL_PACKET, PACKET_STATISTICS, &stats, &size) == 0) {
        counters_.receive_overruns += stats.tp_drops;
    }
}

}  // namespace stemma::hosted
