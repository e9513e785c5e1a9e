#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>

#include "rt/entropy.hpp"
#include "unix/edge_error.hpp"

namespace stemma::hosted {

// getrandom(2), a pool at a time: a new flow must not cost a system call.
class SystemEntropy final : public rt::Entropy {
  public:
    // Fails when the kernel gives none.
    static std::expected<SystemEntropy, EdgeError> open();

    void fill(std::span<std::uint8_t> bytes) override;

  private:
    SystemEntropy() = default;
    bool refill();

    std::array<std::uint8_t, 256> pool_{};
    std::size_t used_ = 0;
};

}  // namespace stemma::hosted
