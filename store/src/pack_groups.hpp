// The packs of a repository by group (pack_text.hpp), and their removal: what refs outside of the
// epochs still need of them is copied first.
#pragma once

#include <cstdint>
#include <expected>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "disk.hpp"
#include "repository.hpp"
#include "store/error.hpp"

namespace stemma::store {

struct PackGroup {
    std::vector<std::filesystem::path> packs;  // without extension
    std::uint64_t bytes = 0;                   // of packs and indexes
};
// Ours by group, what git made under "".
std::map<std::string, PackGroup> pack_groups(const std::filesystem::path& repository);

// A group of an epoch is called EPOCH, and EPOCH+N when it was packed again.
std::string epoch_of_group(const std::string& group);
std::string next_group(const std::string& group);

// True if one of the packs holds the object.
bool group_has(const PackGroup& group, const ObjectId& id);

// Copies what is reachable from any ref but refs/live/ and main, and is in these packs alone, into
// a pack of the kept group; then removes the packs. Epochs need nothing outside of their own
// groups. The repository is to be opened again afterwards: libgit2 holds on to the packs it has
// seen.
std::expected<void, Error> remove_packs(Disk& disk, Repository& repository,
                                        const std::vector<std::filesystem::path>& packs);

}  // namespace stemma::store
