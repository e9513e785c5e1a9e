#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <utility>

namespace stemma::bench {

// A raw AF_PACKET socket on one interface, with the kernel's receive timestamps.
class PacketSocket {
  public:
    struct Frame {
        std::span<const std::uint8_t> bytes;  // until the next receive()
        std::int64_t timestamp_ns;            // CLOCK_REALTIME, taken by the kernel
        bool outgoing;                        // sent by this machine through the interface
    };

    // The error says which interface and call failed.
    static std::expected<PacketSocket, std::string> open(const std::string& interface);

    PacketSocket(PacketSocket&& other) noexcept
        : fd_(std::exchange(other.fd_, -1)), mac_(other.mac_), buffer_(other.buffer_) {}
    PacketSocket& operator=(PacketSocket&&) = delete;
    ~PacketSocket();

    int fd() const { return fd_; }
    std::array<std::uint8_t, 6> mac() const { return mac_; }

    bool send(std::span<const std::uint8_t> frame);
    // The next waiting frame; nothing when none waits.
    std::optional<Frame> receive();

  private:
    PacketSocket(int fd, std::array<std::uint8_t, 6> mac) : fd_(fd), mac_(mac) {}

    int fd_;
    std::array<std::uint8_t, 6> mac_;
    std::array<std::uint8_t, 2048> buffer_{};
};

}  // namespace stemma::bench
