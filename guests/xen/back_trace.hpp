#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace stemma::xen {

// Who called whom: return addresses, the innermost first.
class BackTrace {
  public:
    static constexpr std::size_t frames_max = 32;

    // Follows the chain of frame pointers (-fno-omit-frame-pointer; System V ABI 3.2.2) as long as
    // it stays in the image: it may be what is broken.
    explicit BackTrace(const std::uint64_t* frame_pointer);

    std::span<const std::uint64_t> callers() const { return std::span(callers_).first(depth_); }

  private:
    std::array<std::uint64_t, frames_max> callers_;
    std::size_t depth_ = 0;
};

}  // namespace stemma::xen
