#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "nat/zeroed_array.hpp"

namespace stemma::nat {

// A hash index over numbers 0 to capacity - 1 that a table gives its entries: chains through an
// array of links, all memory taken at the start. With a keyed hash and at least half a bucket for
// each entry a chain stays a few links long whatever a peer sends.
class HashChains {
  public:
    static constexpr std::uint32_t none = 0xffffffff;

    explicit HashChains(std::uint32_t capacity)
        : mask_(std::bit_ceil(capacity) - 1),
          heads_(std::size_t{mask_} + 1),
          next_(std::make_unique_for_overwrite<std::uint32_t[]>(capacity)) {}

    // The entry of this hash for which `matches(entry)`, or none.
    template <typename Matches>
    std::uint32_t find(std::uint64_t hash, Matches matches) const {
        std::uint32_t at = heads_[hash & mask_] - 1;
        while (at != none && !matches(at))
            at = next_[at] - 1;
        return at;
    }

    // `entry` is in no chain.
    void insert(std::uint64_t hash, std::uint32_t entry) {
        next_[entry] = heads_[hash & mask_];
        heads_[hash & mask_] = entry + 1;
    }

    // `entry` was inserted with this hash.
    void remove(std::uint64_t hash, std::uint32_t entry) {
        std::uint32_t* link = &heads_[hash & mask_];
        while (*link != entry + 1)
            link = &next_[*link - 1];
        *link = next_[entry];
    }

  private:
    std::uint32_t mask_;
    // Links hold an entry's number plus one, so that 0 ends a chain.
    ZeroedArray<std::uint32_t> heads_;
    std::unique_ptr<std::uint32_t[]> next_;
};

}  // namespace stemma::nat
