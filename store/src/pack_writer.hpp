// Collects the objects of one batch and writes them as a pack, or several where one would be huge.
//
// A pack has a `.keep` beside it, always: `git gc` then leaves it alone, before the batch's refs
// have moved and afterwards, and what is removed, and when, is ours to say (pack_groups.hpp). Files
// come into objects/pack complete, by rename from incoming/, and the index after the pack, so that
// a reader or `git clone` never sees half of one.
#pragma once

#include <cstddef>
#include <expected>
#include <filesystem>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "disk.hpp"
#include "object_sink.hpp"
#include "pack_text.hpp"
#include "store/commit.hpp"

namespace stemma::store {

class PackWriter final : public ObjectSink {
  public:
    static constexpr std::size_t pack_bound = 64UL << 20;  // then the next pack begins

    // Blobs that `known` has are there already, and stay: they are not written again. Null: none.
    PackWriter(Disk& disk, std::filesystem::path repository, std::string group,
               const std::unordered_set<CommitId>* known);

    // An object put twice in one batch is written once.
    std::expected<ObjectId, Error> put(ObjectKind kind, std::string_view bytes) override;
    // The delta is written if its base is in the pack at hand, not at the end of `longest_chain`
    // deltas (what git, too, takes for the most that reading should cost), and it is the smaller.
    std::expected<ObjectId, Error> put_delta(ObjectKind kind, std::string_view bytes,
                                             const Delta& delta) override;
    static constexpr unsigned longest_chain = 50;

    // Whether what is put from now on stays reachable from a branch that only grows; and the blobs
    // put meanwhile.
    void set_lasting(bool lasting) { lasting_ = lasting; }
    const std::vector<CommitId>& lasting_put() const { return lasting_put_; }

    // Writes what is left; after this all objects are on disk, synced.
    std::expected<void, Error> finish();
    // What is put from now on is of another group, and so in another pack.
    std::expected<void, Error> begin_group(std::string group);
    // The refs will not move: takes the packs away again, as far as that works.
    void discard();

    // The packs that hold what was put, without extension; also those that were there before.
    const std::vector<std::filesystem::path>& packs() const { return packs_of_; }
    std::size_t objects() const { return objects_; }
    std::size_t bytes() const { return bytes_; }

  private:
    struct Place {
        unsigned pack = 0;   // which of this writer's packs
        unsigned chain = 0;  // deltas from here to a whole object
        std::size_t offset = 0;
    };

    std::expected<ObjectId, Error> add(ObjectKind kind, std::string_view bytes, const Delta* delta);

    Disk& disk_;
    std::filesystem::path repository_;
    std::string group_;
    const std::unordered_set<CommitId>* known_;
    PackText pack_;
    unsigned packs_ = 0;  // written
    std::unordered_map<CommitId, Place> put_;
    std::vector<CommitId> lasting_put_;
    bool lasting_ = false;
    std::vector<std::filesystem::path> written_;  // packs, without their extension
    std::vector<std::filesystem::path> packs_of_;
    std::size_t objects_ = 0;
    std::size_t bytes_ = 0;
};

// Writes a sealed pack, its index and its `.keep` into the repository, durable; gives its path
// without extension.
std::expected<std::filesystem::path, Error> install_pack(Disk& disk,
                                                         const std::filesystem::path& repository,
                                                         const PackText& pack,
                                                         std::string_view group);

// Takes a pack away, its index first: a pack without one is nothing to git.
void remove_pack(Disk& disk, const std::filesystem::path& pack_without_extension);

}  // namespace stemma::store
