#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace stemma::toolstack {

// The last 64 KB of what a guest wrote, made harmless; older text is dropped.
class ConsoleBuffer {
  public:
    static constexpr std::size_t bytes_max = 65536;

    void append(std::string_view bytes);

    // Offsets count the bytes kept so far, dropped ones included.
    std::uint64_t end() const { return dropped_ + text_.size(); }
    // At most `limit` bytes from `offset`, or from the oldest byte there still is.
    struct Part {
        std::string text;
        std::uint64_t next = 0;
    };
    Part read(std::uint64_t offset, std::size_t limit) const;

  private:
    std::string text_;
    std::uint64_t dropped_ = 0;
};

}  // namespace stemma::toolstack
