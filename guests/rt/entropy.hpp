#pragma once

#include <cstdint>
#include <span>

namespace stemma::rt {

// Unpredictable bytes: hash keys, ports, initial sequence numbers. Never fails: an edge that has no
// entropy does not start the guest.
class Entropy {
  public:
    virtual ~Entropy() = default;
    virtual void fill(std::span<std::uint8_t> bytes) = 0;

    template <typename Integer>
    Integer get() {
        std::uint8_t bytes[sizeof(Integer)];
        fill(bytes);
        std::uint64_t value = 0;
        for (const auto byte : bytes)
            value = value << 8 | byte;
        return static_cast<Integer>(value);
    }
};

}  // namespace stemma::rt
