#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

namespace stemma::nat {

// SipHash (Aumasson and Bernstein, 2012): a hash whose collisions cannot be made by who does not
// know the key, so that nobody outside can fill one chain of a table. 1 and 3 rounds are what hash
// tables use; 2 and 4 are the paper's and have its test vectors.
struct SipKey {
    std::uint64_t low = 0;
    std::uint64_t high = 0;
};

template <int compression_rounds, int final_rounds>
class SipHash {
  public:
    static constexpr std::uint64_t of(const SipKey& key, std::span<const std::uint8_t> bytes) {
        State state(key);
        std::size_t at = 0;
        for (; bytes.size() - at >= 8; at += 8)
            state.take(load(bytes.subspan(at, 8)));
        return state.finish(load(bytes.subspan(at)), bytes.size());
    }

    // As of() over the two words' 16 bytes, least significant first.
    static constexpr std::uint64_t of(const SipKey& key, std::uint64_t first,
                                      std::uint64_t second) {
        State state(key);
        state.take(first);
        state.take(second);
        return state.finish(0, 16);
    }

  private:
    static constexpr std::uint64_t load(std::span<const std::uint8_t> bytes) {
        std::uint64_t word = 0;
        for (std::size_t i = 0; i < bytes.size(); ++i)
            word |= std::uint64_t{bytes[i]} << (8 * i);
        return word;
    }

    struct State {
        std::uint64_t v0, v1, v2, v3;

        constexpr explicit State(const SipKey& key)
            : v0(key.low ^ 0x736f6d6570736575),
              v1(key.high ^ 0x646f72616e646f6d),
              v2(key.low ^ 0x6c7967656e657261),
              v3(key.high ^ 0x7465646279746573) {}

        constexpr void round() {
            v0 += v1;
            v1 = std::rotl(v1, 13) ^ v0;
            v0 = std::rotl(v0, 32);
            v2 += v3;
            v3 = std::rotl(v3, 16) ^ v2;
            v0 += v3;
            v3 = std::rotl(v3, 21) ^ v0;
            v2 += v1;
            v1 = std::rotl(v1, 17) ^ v2;
            v2 = std::rotl(v2, 32);
        }

        constexpr void take(std::uint64_t word) {
            v3 ^= word;
            for (int i = 0; i < compression_rounds; ++i)
                round();
            v0 ^= word;
        }

        constexpr std::uint64_t finish(std::uint64_t rest, std::size_t length) {
            take(rest | std::uint64_t{length & 0xff} << 56);
            v2 ^= 0xff;
            for (int i = 0; i < final_rounds; ++i)
                round();
            return v0 ^ v1 ^ v2 ^ v3;
        }
    };
};

using TableHash = SipHash<1, 3>;

}  // namespace stemma::nat
