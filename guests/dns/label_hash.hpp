#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <span>

#include "rt/entropy.hpp"

namespace stemma::dns {

// SipHash-1-3 (Aumasson and Bernstein, 2012) of a label below its parent, after eight bytes with
// its length and the parent's number: who does not know the key cannot choose names that fall
// together in the table of names.
class LabelHash {
  public:
    LabelHash(std::uint64_t k0, std::uint64_t k1) : k0_(k0), k1_(k1) {}
    explicit LabelHash(rt::Entropy& entropy)
        : k0_(entropy.get<std::uint64_t>()), k1_(entropy.get<std::uint64_t>()) {}

    // `label` in lower case, at most 63 bytes.
    std::uint64_t operator()(std::uint32_t parent, std::span<const std::uint8_t> label) const {
        State s{k0_ ^ 0x736f6d6570736575, k1_ ^ 0x646f72616e646f6d, k0_ ^ 0x6c7967656e657261,
                k1_ ^ 0x7465646279746573};
        const std::uint64_t length = 8 + label.size();
        s.absorb(std::uint64_t{parent} << 32 | label.size());
        while (label.size() >= 8) {
            std::uint64_t word = 0;
            std::memcpy(&word, label.data(), 8);
            s.absorb(word);
            label = label.subspan(8);
        }
        std::uint64_t last = length << 56;
        for (std::size_t i = 0; i < label.size(); ++i)
            last |= std::uint64_t{label[i]} << (8 * i);
        s.absorb(last);
        s.v2 ^= 0xff;
        s.round();
        s.round();
        s.round();
        return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
    }

  private:
    struct State {
        std::uint64_t v0, v1, v2, v3;

        void round() {
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
        void absorb(std::uint64_t word) {
            v3 ^= word;
            round();
            v0 ^= word;
        }
    };

    std::uint64_t k0_;
    std::uint64_t k1_;
};

}  // namespace stemma::dns
