#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>

#include "xenstored/descriptor.hpp"

namespace stemma::xenstored {

// What a descriptor in the poller stands for: its kind, and which one of that kind.
struct PollKey {
    enum class Kind : std::uint8_t {
        listener,
        client,
        link_listener,
        link,
        ring,
        event_channels,
        history,
        signal,
        probe
    };
    Kind kind{};
    std::uint64_t id = 0;  // below 2^56
};

// The daemon's one place to wait: an epoll set.
class Poller {
  public:
    struct Ready {
        PollKey key;
        bool readable;
        bool writable;
        bool hung_up;
    };

    static std::expected<Poller, std::string> create();

    // Level-triggered interest; false if the kernel refuses (ENOSPC, ENOMEM).
    bool add(int fd, PollKey key, bool readable, bool writable);
    // Edge-triggered: reported once for each write of the peer, with no read in between.
    bool add_edge(int fd, PollKey key);
    void change(int fd, PollKey key, bool readable, bool writable);
    void remove(int fd);

    // Waits until something is ready or `deadline` has come (nothing: for as long as it takes).
    // The result is good until the next call.
    std::span<const Ready> wait(std::optional<std::chrono::steady_clock::time_point> deadline);

  private:
    explicit Poller(Descriptor epoll) : epoll_(std::move(epoll)) {}

    static constexpr std::size_t batch = 4096;  // so that one wait tells of all who are ready

    Descriptor epoll_;
    std::array<Ready, batch> ready_;
};

}  // namespace stemma::xenstored
