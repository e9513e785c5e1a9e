// Packs an epoch that has ended again: its commits, thinned and without what must go, in packs of
// their own, with deltas across what were batches. Where nothing is left out the commits stay the
// same, to the last bit. Works in steps, so that publishing goes on between them.
#pragma once

#include <expected>
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "epoch_note.hpp"
#include "pack_writer.hpp"
#include "raw_commit.hpp"
#include "repository.hpp"
#include "retention.hpp"
#include "secrets.hpp"
#include "store/error.hpp"

namespace stemma::store {

class EpochRewrite {
  public:
    // `group` is that of the new packs; `last` what was noted when the epoch was packed before.
    EpochRewrite(Disk& disk, const std::filesystem::path& repository, std::string group,
                 const CommitId& head, RetentionStep step, std::optional<EpochNote> last);

    // Goes through some commits; true when all of it is on disk. After an error it is of no use,
    // but for discard().
    std::expected<bool, Error> step(Repository& repository, std::size_t commits);
    void discard() { pack_.discard(); }

    const RetentionStep& what() const { return what_; }
    const CommitId& old_head() const { return old_head_; }
    const CommitId& head() const { return head_; }
    const EpochNote& note() const { return note_; }

  private:
    struct Item {
        CommitId id;
        bool keep = true;
    };
    // An element of a path to go: which path, and how many elements of it lead here.
    using States = std::vector<std::pair<std::size_t, std::size_t>>;

    std::expected<void, Error> list(Repository& repository);
    std::expected<void, Error> write(Repository& repository, const Item& item);
    std::expected<std::string, Error> object(Repository& repository, const ObjectId& id);
    std::expected<std::vector<GitTreeEntry>, Error> tree(Repository& repository,
                                                         const ObjectId& id);
    std::expected<ObjectId, Error> pruned(Repository& repository, const ObjectId& id,
                                          const States& states);
    std::expected<void, Error> copy_tree(Repository& repository, const ObjectId& id,
                                         const std::optional<ObjectId>& before);
    std::expected<void, Error> note_domains(Repository& repository, const ObjectId& root,
                                            std::int64_t when);

    RetentionStep what_;
    CommitId old_head_;
    CommitId head_;
    EpochNote note_;
    bool gather_;  // the domains: not noted yet
    PackWriter pack_;
    std::vector<PathElements> paths_;

    bool listed_ = false;
    std::vector<Item> items_;  // the oldest first
    std::size_t next_ = 0;
    std::uint64_t generation_ = 0;
    std::size_t left_out_ = 0;  // commits since the last that was kept
    std::optional<ObjectId> last_tree_;
    std::unordered_set<CommitId> copied_;
    std::unordered_map<CommitId, std::string> made_;  // trees that no repository has yet
    std::map<std::pair<ObjectId, States>, ObjectId> pruned_;
    std::optional<ObjectId> last_domains_;             // the tree local/domain as last looked at
    std::vector<DomainName> in_last_;                  // the domains in it
    std::unordered_map<CommitId, std::string> vm_of_;  // of a domain's tree
};

}  // namespace stemma::store
