#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "rt/port.hpp"

namespace stemma::self_test {

using Frame = std::vector<std::uint8_t>;

// A port whose other end is in memory. Bound: frames_max frames wait each way; more are lost, and
// counted as a ring's overruns.
class MemoryPort final : public rt::Port {
  public:
    static constexpr std::size_t frames_max = 64;

    explicit MemoryPort(const net::MacAddress& mac) : mac_(mac) {}

    // The other end.
    void arrive(Frame frame);
    std::vector<Frame> take_sent();

    net::MacAddress mac() const override { return mac_; }
    std::size_t mtu() const override { return 1500; }
    std::size_t receive(rt::FrameSink& sink, std::size_t budget) override;
    std::span<std::uint8_t> reserve(std::size_t size) override;
    void send_reserved(std::size_t size) override;
    void flush() override {}

  private:
    net::MacAddress mac_;
    std::vector<Frame> arrived_;
    std::vector<Frame> sent_;
    Frame reserved_;
};

}  // namespace stemma::self_test
