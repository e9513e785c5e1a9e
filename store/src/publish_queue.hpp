// What waits for the publisher's thread, and how submissions become commits. No thread, no clock,
// no disk: the caller gives the time and holds the lock.
//
// A write joins the last commit waiting if that is a run of the same client's writes, began less
// than the interval ago, and either did not write this path yet or the path lies in a domain's
// data/net. Everything else begins a commit of its own. Bound: `bound` commits, and as many
// requests. At the bound a submission replaces the tree of the last commit waiting, whoever made
// that, and adds its lines with its own name before them; a request is refused. A commit names at
// most `lines_bound` lines and counts the rest.
//
// Each domain has a share of history: `share_burst` commits, and one more every `share_pause`. What
// it writes beyond that goes into the last commit waiting, whoever made that, or into one that
// waits for `share_pause`. Domain 0 has no such bound.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "store/publisher.hpp"

namespace stemma::store {

using MonotonicTime = std::chrono::steady_clock::time_point;

struct PublishJob {
    enum class Kind : std::uint8_t { commit, publish_all, snapshot, guest };
    Kind kind = Kind::commit;
    Tree tree = {};                // commit, snapshot
    Ref<const Node> subtree = {};  // guest
    std::string name = {};         // snapshot, guest
    Info info = {};
    RequestId request = 0;           // 0 for a commit
    MonotonicTime handed_over = {};  // the oldest of what was joined
    std::uint64_t lines_left_out = 0;
    bool has_joined = false;  // others are in it, so the subject says how many lines

    // A run of one client's writes, which may grow.
    bool is_run = false;
    bool beyond_share = false;  // may wait longer
    std::uint64_t client = 0;
    std::set<std::string, std::less<>> paths = {};
};

class PublishQueue {
  public:
    static constexpr std::size_t lines_bound = 64;
    static constexpr std::size_t run_paths_bound = 256;  // then the run ends

    static constexpr double share_burst = 500;
    static constexpr std::chrono::seconds share_pause{10};
    static constexpr std::size_t shares_bound = 4096;  // domains; then all are forgotten

    PublishQueue(std::size_t bound, std::chrono::microseconds interval)
        : bound_(bound == 0 ? 1 : bound), interval_(interval) {}

    enum class Taken : std::uint8_t { queued, joined, coalesced, beyond_share };
    Taken push(Submission submission, MonotonicTime now);
    bool push_request(PublishJob job);  // false at the bound

    // All that waits, in order; commits with their lines complete.
    std::vector<PublishJob> take();
    // Puts commits that could not be published back before all others, to be tried again. They do
    // not grow any more. Gives how many were coalesced to keep the bound.
    std::size_t put_back(std::vector<PublishJob> commits);

    bool empty() const { return jobs_.empty(); }
    std::size_t commits() const { return commits_; }
    bool has_requests() const { return requests_ > 0; }
    bool half_full() const { return commits_ * 2 >= bound_; }
    MonotonicTime oldest() const;  // of a queue that is not empty
    MonotonicTime due() const;     // the first moment at which one has waited long enough

  private:
    struct Share {
        double commits = share_burst;
        MonotonicTime as_of = {};
    };

    PublishJob* last_commit();
    bool within_share(std::uint32_t domain, MonotonicTime now);

    const std::size_t bound_;
    const std::chrono::microseconds interval_;
    std::unordered_map<std::uint32_t, Share> shares_;
    std::deque<PublishJob> jobs_;
    std::size_t commits_ = 0;
    std::size_t requests_ = 0;
};

// True for a path below /local/domain/N/data/net.
bool is_network_state(std::string_view path);

}  // namespace stemma::store
