#pragma once

#include <array>
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
    bool rdrand = false;
    bool rdseed = false;
    bool jitter = false;

    bool any() const { return rdrand || rdseed || jitter; }
};

// Seeds from RDSEED or RDRAND where the processor has one, and from the jitter of the time stamp
// counter over memory accesses and exits to the hypervisor in any case; says which of them gave. An
// emulator that counts instructions for time has no jitter.
EntropySources gather(ChaChaEntropy& entropy);

}  // namespace stemma::xen
