#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>

#include "unix/edge_error.hpp"

namespace stemma::hosted {

// The saved state the agent hands over in a memfd, mapped for reading.
class StateFile {
  public:
    // What lies beyond is left out, and the reader then tells that the last entry is cut off.
    static constexpr std::size_t bytes_max = 8u << 20;

    static std::expected<StateFile, EdgeError> open(int descriptor);

    StateFile() = default;  // empty
    StateFile(StateFile&& other) noexcept;
    StateFile& operator=(StateFile&& other) noexcept;
    ~StateFile();

    std::span<const std::uint8_t> bytes() const { return bytes_; }

  private:
    std::span<std::uint8_t> bytes_;
};

}  // namespace stemma::hosted
