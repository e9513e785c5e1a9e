#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "rt/entropy.hpp"

namespace stemma::xen {

// ChaCha20 (RFC 8439, 2.3) as a generator of unpredictable bytes: absorb() mixes in what is not
// known outside, each 64 bytes given use a key that is then replaced, so that what was given cannot
// be found again from the state.
class ChaChaEntropy final : public rt::Entropy {
  public:
    // Mixes bytes into the key.
    void absorb(std::span<const std::uint8_t> bytes);
    void absorb(std::uint64_t word);

    void fill(std::span<std::uint8_t> bytes) override;

    // One block: key, counter and nonce as in RFC 8439.
    using Words = std::array<std::uint32_t, 16>;
    static Words block(const Words& state);

  private:
    Words next_block();

    std::array<std::uint32_t, 8> key_{};
    std::uint32_t counter_ = 0;
    std::array<std::uint32_t, 3> nonce_{};
};

// What a machine's unpredictable bytes come from.
struct EntropySources {
    bool given = false;
    bool rdrand = false;
    bool rdseed = false;
    bool jitter = false;

    bool any() const { return given || rdrand || rdseed || jitter; }
};

// Of the seed that the toolstack hands over: from so many bytes on it is enough.
inline constexpr std::size_t seed_least = 32;

// Seeds from what was given, which is wiped, and from RDSEED or RDRAND where the processor has one;
// says which of them gave. Whoever builds the domain writes all its memory, so that a seed of his
// is trusted as the image is. Without one also from the jitter of the time stamp counter over
// memory accesses and exits to the hypervisor: thousands of reads, an exit each where Xen emulates
// the counter. An emulator that counts instructions for time has no jitter.
EntropySources gather(ChaChaEntropy& entropy, std::span<std::uint8_t> given);

}  // namespace stemma::xen
