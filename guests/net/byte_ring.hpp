#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace stemma::net {

// A queue of at most `capacity` bytes in one piece of memory: what TCP keeps for the other side to
// acknowledge, and for its user to read.
class ByteRing {
  public:
    explicit ByteRing(std::size_t capacity) : bytes_(capacity) {}

    std::size_t size() const { return size_; }
    std::size_t room() const { return bytes_.size() - size_; }
    std::size_t capacity() const { return bytes_.size(); }

    // How many of `from` there was room for.
    std::size_t append(std::span<const std::uint8_t> from) {
        const std::size_t count = std::min(from.size(), room());
        const std::size_t at = (begin_ + size_) % bytes_.size();
        const std::size_t whole = std::min(count, bytes_.size() - at);
        std::copy_n(from.begin(), whole, bytes_.begin() + static_cast<std::ptrdiff_t>(at));
        std::copy_n(from.begin() + static_cast<std::ptrdiff_t>(whole), count - whole,
                    bytes_.begin());
        size_ += count;
        return count;
    }

    // `count` bytes from `offset` on, both within size(), in two pieces; the second is empty unless
    // they go over the end of the memory.
    std::array<std::span<const std::uint8_t>, 2> peek(std::size_t offset, std::size_t count) const {
        const std::size_t at = (begin_ + offset) % bytes_.size();
        const std::size_t whole = std::min(count, bytes_.size() - at);
        const std::span<const std::uint8_t> all(bytes_);
        return {all.subspan(at, whole), all.first(count - whole)};
    }

    // Drops the first `count` bytes, at most size().
    void consume(std::size_t count) {
        begin_ = (begin_ + count) % bytes_.size();
        size_ -= count;
    }

  private:
    std::vector<std::uint8_t> bytes_;
    std::size_t begin_ = 0;
    std::size_t size_ = 0;
};

}  // namespace stemma::net
