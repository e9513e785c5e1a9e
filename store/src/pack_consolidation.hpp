// Joins the small packs of many batches into one, so that a reader need not look through hundreds.
#pragma once

#include <cstddef>
#include <expected>
#include <filesystem>
#include <string_view>

#include "disk.hpp"
#include "store/error.hpp"

namespace stemma::store {

struct ConsolidationLimits {
    std::size_t packs = 64;             // this many small packs are joined
    std::size_t small_bytes = 8 << 20;  // a pack below this is small
};

// Copies the objects of all small packs of a group into one new pack, durable, then removes the old
// ones. Leaves alone packs that git made, finished or in the making. True if it joined any. The
// caller holds the repository's lock; a `git gc` at the same time is harmless: a pack that vanishes
// under us ends the attempt. Of those who read meanwhile, git and libgit2 look again when a pack is
// gone, but `git fsck` does not: it says "index not opened" and has to be run again. That is why
// packs are joined seldom.
std::expected<bool, Error> consolidate_packs(Disk& disk, const std::filesystem::path& repository,
                                             std::string_view group,
                                             const ConsolidationLimits& limits = {});

// Removes what a crash between two steps left behind: files in incoming/, packs of ours without an
// index, and the locks of refs that only the publisher moves. The caller holds the repository's
// lock.
void clear_leftovers(Disk& disk, const std::filesystem::path& repository);

}  // namespace stemma::store
