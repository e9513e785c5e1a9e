// Writes batches of jobs into the repository: objects, one pack, the refs. The publisher's thread
// owns it; nothing here knows of threads.
#pragma once

#include <cstdint>
#include <expected>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <unordered_set>
#include <vector>

#include "disk.hpp"
#include "epoch_rewrite.hpp"
#include "object_writer.hpp"
#include "pack_writer.hpp"
#include "publish_queue.hpp"
#include "repository.hpp"
#include "repository_lock.hpp"
#include "retention.hpp"
#include "store/commit.hpp"
#include "store/error.hpp"

namespace stemma::store {

class Publication {
  public:
    // An epoch begins at the first commit after open(), and at the first one after epoch_length()
    // (retention.hpp), or when the epoch alone takes a quarter of the budget.
    // The disk must outlive it; it is the real one but in tests.
    static std::expected<Publication, Error> open(const std::filesystem::path& repository,
                                                  std::size_t pack_bound,
                                                  const Retention& retention = {},
                                                  Disk& disk = real_disk());

    struct Batch {
        // For each job the commit that its ref names now; in the order of the jobs.
        std::vector<std::expected<CommitId, Error>> results;
        std::size_t commits = 0;
        std::size_t objects = 0;
        std::size_t bytes = 0;
        bool moving = false;  // the refs
    };
    // All of it, durable, or an error and nothing of it. A job with a bad name fails alone.
    std::expected<Batch, Error> publish(std::span<const PublishJob> jobs);

    // Joins small packs if there are many. True if it did. An error is no more than a missed
    // chance. Looks at the packs only once in an eighth of pack_bound batches: to list hundreds of
    // files takes longer than to write a batch.
    std::expected<bool, Error> consolidate();

    // One step of taking away what history has to go by now, of some ten milliseconds. True if
    // there is more to do at once. After an error the next call begins anew.
    std::expected<bool, Error> maintain(Time now);
    struct Kept {
        std::uint64_t bytes = 0;  // that packs take on disk
        std::uint64_t epochs = 0;
        std::uint64_t rewritten = 0;
        std::uint64_t dropped = 0;
    };
    const Kept& kept() const { return kept_; }

    std::expected<Tree, Error> load_config();

  private:
    // A branch as it will be when the batch is written.
    struct Head {
        std::string ref;
        std::optional<CommitId> published;  // what the ref names
        std::optional<CommitId> next;       // what it is to name
        std::optional<ObjectId> tree;       // of `next`
        std::uint64_t generation = 0;       // of `next`
    };
    struct Move {
        std::string ref;
        std::optional<CommitId> from;
        CommitId to;
    };
    struct State {
        Head live;
        Head main;
        Head config;
        Time epoch_began{};
        std::vector<Move> ended_epochs;  // that began and ended in this batch, or since the last
        Ref<const Node> config_node;     // /stemma as last written
        Permissions root_permissions;    // as last written with it
    };

    Publication(RepositoryLock lock, Repository repository, std::size_t pack_bound,
                const Retention& retention, Disk& disk);

    std::expected<void, Error> read_heads();
    std::expected<CommitId, Error> grow(PackWriter& pack, Head& head, const ObjectId& tree,
                                        const Info& info);
    std::expected<CommitId, Error> commit(PackWriter& pack, const PublishJob& job);
    std::expected<void, Error> commit_config(PackWriter& pack, const PublishJob& job);
    void remember(const PackWriter& pack);
    std::expected<CommitId, Error> single(PackWriter& pack, const PublishJob& job,
                                          std::vector<Move>& moves);
    std::expected<CommitId, Error> run(PackWriter& pack, const PublishJob& job,
                                       std::vector<Move>& moves);
    std::expected<void, Error> write(PackWriter& pack, std::span<const PublishJob> jobs,
                                     Batch& batch);
    std::expected<void, Error> begin_epoch(PackWriter& pack, Time when);
    std::string group() const;
    void note_deaths(const Tree& tree, Time when);
    std::set<DomainName> alive() const;
    std::expected<void, Error> reopen();
    std::expected<bool, Error> continue_rewrite();
    std::expected<bool, Error> begin_step(const RetentionStep& step, const CommitId& head,
                                          const std::string& group, std::optional<EpochNote> note);
    std::filesystem::path note_file(const std::string& epoch) const;

    RepositoryLock lock_;
    Repository repository_;
    ObjectWriter writer_;
    std::size_t pack_bound_;
    std::optional<std::size_t> packs_since_look_;  // batches written; nothing: never looked
    Retention retention_;
    Disk* disk_;
    State state_;
    // Blobs that this epoch's history has, so that a value seen before, or the `.node` of a
    // directory in which only a value changed, is not written again. Forgotten when the bound is
    // passed and when an epoch ends.
    static constexpr std::size_t known_bound = 1 << 16;
    std::unordered_set<CommitId> known_;

    // What retention has to know (publication_retention.cpp).
    Ref<const Node> domains_;  // /local/domain as last committed
    static constexpr std::size_t deaths_bound = 1 << 16;
    std::map<DomainName, std::int64_t> deaths_;  // in seconds; forgotten at the bound
    std::optional<EpochRewrite> rewrite_;
    std::uint64_t epoch_bytes_ = 0;  // that this epoch's batches wrote
    std::uint64_t kept_base_ = 0;    // of the kept group, when it was last cleared
    Kept kept_;
};

}  // namespace stemma::store
