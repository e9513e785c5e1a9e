// Writes the owner's trees into a git repository from a thread of its own: the third promise of the
// store, "published". The owner never waits for it; it may lag, fail and recover.
//
//     auto publisher = Publisher::open({.repository = "/var/lib/stemma/store.git"});
//     (*publisher)->submit({.tree = head, .client = 5, .info = {"domain 5", now, {"a/b: write"}},
//                           .kind = Submission::Kind::write, .path = "/local/domain/5/a/b"});
//     const RequestId id = (*publisher)->snapshot("before", head, {"domain 0", now, {"snapshot"}});
//     ... completion_fd() becomes readable:
//     for (Completion& done : (*publisher)->take_completions()) ...
//
// All methods are for the owner's thread; none blocks on the disk, but open() and the destructor.
//
// What a submission becomes. One commit for one transaction, or for the longest run of one client's
// consecutive writes within `interval` (a second write to one path starts a new commit, outside
// data/net). See publish_queue.hpp for the rule and for what happens at the bound.
//
// Refs. refs/live/EPOCH grows by these commits, the first of an epoch without parents; an epoch
// lasts half of the secrets period, a day at most, or from one open() to the next; afterwards it is
// thinned and dropped (Retention). refs/heads/main follows it. refs/heads/config gets a
// commit when /stemma changed. refs/snapshots/NAME and refs/guests/NAME are single commits without
// parents. Everything of a batch is on disk and synced before the first ref moves.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "store/commit.hpp"
#include "store/error.hpp"
#include "store/tree.hpp"

namespace stemma::store {

// How much history is kept (retention.hpp has the order in which it goes).
struct Retention {
    std::uint64_t budget = 512UL << 20;      // bytes of packs, of all epochs together
    std::chrono::seconds keep{30 * 86'400};  // an epoch that ended so long ago goes
    std::chrono::seconds secrets{86'400};    // a dead domain's data is gone after this
};

struct PublisherOptions {
    std::filesystem::path repository;  // made if absent, bare, mode 0700
    // Submissions wait this long for company before they are written; a request (snapshot,
    // publish, save) does not wait. After a failure the pause doubles up to 64 intervals.
    std::chrono::milliseconds interval{500};
    std::size_t queue_bound = 1024;  // commits waiting; at the bound the newest joins the last
    std::size_t pack_bound = 256;    // small packs; when there are so many they become one
    Retention retention{};
    std::chrono::seconds look{1800};  // between two looks for history that has to go
};

struct Submission {
    enum class Kind : std::uint8_t {
        write,        // one write outside a transaction; may join a run
        transaction,  // a commit of its own
    };
    Tree tree;                 // the whole tree after the change
    std::uint64_t client = 0;  // whose change: runs are of one client; any number that names it
    Info info;
    Kind kind = Kind::transaction;
    std::string path;          // of a write: the absolute path written
    std::uint32_t domain = 0;  // whose share of history it takes (publish_queue.hpp); 0: nobody's
};

using RequestId = std::uint64_t;

struct Completion {
    RequestId id = 0;
    // The commit that refs now name, durable; or why not.
    std::expected<CommitId, Error> result;
};

struct PublisherStats {
    std::uint64_t submitted = 0;       // submissions taken from the owner
    std::uint64_t joined = 0;          // ... that became part of a run of one client's writes
    std::uint64_t coalesced = 0;       // ... that replaced the last one because the queue was full
    std::uint64_t beyond_share = 0;    // ... that joined others, as their domain had too many
    std::uint64_t queued = 0;          // commits waiting now
    std::uint64_t published = 0;       // commits durable under refs/live
    std::uint64_t batches = 0;         // packs written, each with its syncs
    std::uint64_t failures = 0;        // batches that failed
    std::uint64_t objects = 0;         // git objects written
    std::uint64_t bytes = 0;           // bytes of packs written
    std::uint64_t consolidations = 0;  // times small packs were joined into one
    std::uint64_t history_bytes = 0;   // that packs take on disk, as of the last look
    std::uint64_t history_budget = 0;  // that epochs may take
    std::uint64_t epochs = 0;          // there are, with the one that grows
    std::uint64_t thinned = 0;         // epochs packed again, thinned or freed of secrets
    std::uint64_t dropped = 0;         // epochs dropped
    std::string retention_error;       // why the last look came to no end; empty if it did
    std::chrono::microseconds lag{};   // hand-over to durable, of the last batch's oldest
    std::chrono::microseconds longest_lag{};  // the greatest so far
    std::chrono::microseconds waiting{};      // age of the oldest submission not yet durable
    std::string last_error;                   // empty if none; the text of the last failure
};

class Publisher {
  public:
    // Makes or opens the repository, takes its lock, starts the thread. Error::Kind::busy if
    // another owner has it.
    static std::expected<std::unique_ptr<Publisher>, Error> open(const PublisherOptions& options);

    virtual ~Publisher() = default;  // publishes what is queued, once, then stops
    Publisher(const Publisher&) = delete;
    Publisher& operator=(const Publisher&) = delete;

    virtual void submit(Submission submission) = 0;

    // Completes when everything submitted before is published: the head of main.
    virtual RequestId publish_all() = 0;
    // Also publishes everything before; `tree` becomes refs/snapshots/NAME. A name is 1 to 200
    // bytes of [A-Za-z0-9_-] (xs::encode_element gives such); anything else completes as refused.
    virtual RequestId snapshot(std::string_view name, const Tree& tree, Info info) = 0;
    // `subtree` becomes the tree of refs/guests/NAME, read back by History::read.
    virtual RequestId save_guest(std::string_view name, Ref<const Node> subtree, Info info) = 0;

    // An eventfd, readable while completions wait. Owned by the publisher.
    virtual int completion_fd() const = 0;
    virtual std::vector<Completion> take_completions() = 0;

    virtual PublisherStats stats() const = 0;

    // The configuration last published: the tree of refs/heads/config, "/stemma" under its root;
    // an empty tree if there is none. Reads the disk: for the start, before the first submit.
    virtual std::expected<Tree, Error> load_config() = 0;

  protected:
    Publisher() = default;
};

}  // namespace stemma::store
