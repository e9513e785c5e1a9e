#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>

#include "net/mac_address.hpp"
#include "rt/port.hpp"
#include "unix/edge_error.hpp"
#include "unix/packet_rings.hpp"

namespace stemma::hosted {

// A guest's port on Linux: an AF_PACKET socket that the agent bound to the guest's end of a veth
// pair. Frames cross in shared rings; a batch costs one send(), and receiving costs no system call.
//
// The agent should switch off checksum and segmentation offload on the other end. What then still
// comes with a partial checksum is completed here; what is longer than the MTU, or has lost a VLAN
// tag on the way, is refused and counted.
class PacketPort final : public rt::Port {
  public:
    // `socket` stays the caller's and outlives the port.
    static std::expected<PacketPort, EdgeError> open(int socket, const net::MacAddress& mac,
                                                     std::size_t mtu, const RingSizes& sizes);

    net::MacAddress mac() const override { return mac_; }
    std::size_t mtu() const override { return mtu_; }
    std::size_t receive(rt::FrameSink& sink, std::size_t budget) override;
    std::span<std::uint8_t> reserve(std::size_t size) override;
    void send_reserved(std::size_t size) override;
    void flush() override;

    int socket() const { return socket_; }
    bool has_received() const { return rings_.has_received(); }
    // Frames that the interface did not take at the last flush(); flush() tries them again.
    bool has_unsent() const { return unsent_; }
    // poll() told an error: the interface went down. Taken, or poll() would tell it without end;
    // when the interface comes up again, frames come again.
    void take_error();
    // Asks the kernel how many frames it lost, if it has said that it did.
    void count_overruns();

  private:
    PacketPort(int socket, const net::MacAddress& mac, std::size_t mtu, PacketRings rings)
        : socket_(socket), mac_(mac), mtu_(mtu), rings_(std::move(rings)) {}

    bool accept(PacketRings::Received& frame);

    int socket_;
    net::MacAddress mac_;
    std::size_t mtu_;
    PacketRings rings_;
    std::size_t reserved_ = 0;  // bytes promised by reserve(), 0 for none
    bool queued_ = false;       // since the last flush()
    bool unsent_ = false;
    bool losing_ = false;
};

}  // namespace stemma::hosted
