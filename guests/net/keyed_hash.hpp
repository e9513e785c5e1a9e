#pragma once

#include <cstdint>

#include "rt/entropy.hpp"

namespace stemma::net {

// A hash of one word that nobody outside can steer: multiply-shift with a random odd factor is
// universal (Dietzfelbinger et al. 1997), so any set of keys chosen without knowing the factor
// spreads as random ones would. Only for tables whose chains are bounded anyhow: it is no PRF.
class KeyedHash {
  public:
    explicit KeyedHash(rt::Entropy& entropy)
        : factor_(entropy.get<std::uint64_t>() | 1), offset_(entropy.get<std::uint64_t>()) {}

    std::uint32_t operator()(std::uint64_t key) const {
        return static_cast<std::uint32_t>((factor_ * key + offset_) >> 32);
    }

  private:
    std::uint64_t factor_;
    std::uint64_t offset_;
};

}  // namespace stemma::net
