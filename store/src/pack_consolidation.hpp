// Joins the small packs of many batches into one, so that a reader need not look through hundreds.
#pragma once

#include <cstddef>
#include <expected>
#include <filesystem>

#include "store/error.hpp"

namespace stemma::store {

struct ConsolidationLimits {
    std::size_t packs = 64;             // this many small packs are joined
    std::size_t small_bytes = 8 << 20;  // a pack below this is small
};

// Copies the objects of all small packs into one new pack, durable, then removes the old ones.
// Leaves alone packs with a `.keep` and packs that git made, finished or in the making. True if it
// joined any. The caller holds the repository's lock; a `git gc` at the same time is harmless: a
// pack that vanishes under us ends the attempt. Of those who read meanwhile, git and libgit2 look
// again when a pack is gone, but `git fsck` does not: it says "index not opened" and has to be run
// again. That is why packs are joined seldom.
std::expected<bool, Error> consolidate_packs(const std::filesystem::path& repository,
                                             const ConsolidationLimits& limits = {});

// Removes what a crash between two steps left behind: files in incoming/, and our `.keep` files.
void clear_leftovers(const std::filesystem::path& repository);

}  // namespace stemma::store
