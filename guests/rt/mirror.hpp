#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "rt/clock.hpp"
#include "rt/mirror_checks.hpp"
#include "rt/mirror_source.hpp"
#include "rt/store.hpp"
#include "rt/time.hpp"

namespace stemma::rt {

// The mirror's counters, for StatsWriter. Times in nanoseconds.
struct MirrorStats {
    std::uint64_t changes = 0;     // taken from the source
    std::uint64_t inserted = 0;    // of them, new entries
    std::uint64_t mirrored = 0;    // changes whose commit was acknowledged
    std::uint64_t unmirrored = 0;  // times an entry was refused (quota, permission)
    std::uint64_t commits = 0;
    std::uint64_t conflicts = 0;  // commits answered EAGAIN, and tried again
    std::uint64_t foreign = 0;    // changes by others that were told to the source
    std::uint64_t events_lost = 0;
    std::uint64_t lag_last = 0;  // from dirty to acknowledged commit, the oldest of the last batch
    std::uint64_t lag_max = 0;
};

struct MirrorOptions {
    std::string_view directory;  // "data/net/nat": relative to the guest's home
    // Changes are gathered this long before they go out as one transaction, unless a whole batch
    // is waiting. Without it each packet of a new flow would cost a transaction.
    Duration gather = Duration::milliseconds(5);
};

// Writes a table's changes to XenStore behind the data path, and tells the table what others
// changed there.
//
// Outwards: up to batch_max changes form one transaction; one transaction at a time, its requests
// sent one behind the other. EAGAIN: the same batch again after a growing pause. ENOSPC: the
// inserts of that batch are refused, updates and removals go on; from then on inserts are refused
// unasked, and at a slow pace a few refused ones are tried again (more after each success).
//
// Inwards: one watch on the directory. An event, the mirror's own included, leads to a READ of its
// path once no uncommitted write of this mirror touches that path, and its answer is compared with
// what the source holds: the event's order against the mirror's own commits therefore does not
// matter. An event on a directory (somebody removed it) leads to a READ of each entry below it. Of
// two changes of one entry that cross, the later commit wins, and the source ends up with it.
//
// When the connection is lost the mirror rests; the source goes on collecting changes.
class Mirror final : UncommittedChanges {
  public:
    static constexpr std::size_t batch_max = 64;
    static constexpr Duration retry_first = Duration::milliseconds(1);
    static constexpr Duration retry_last = Duration::milliseconds(200);
    static constexpr Duration full_retry_first = Duration::milliseconds(250);
    static constexpr Duration full_retry_last = Duration::seconds(8);

    // All outlive the mirror. Handlers in `store` keep pointers to the mirror: it stays where it
    // is.
    Mirror(Store& store, Clock& clock, MirrorSource& source, const MirrorOptions& options);
    Mirror(const Mirror&) = delete;
    Mirror& operator=(const Mirror&) = delete;

    // Called from Guest::run(), after packets were handled; the moment to be called again even if
    // nothing happens.
    Instant run(Instant now);

    // The same object for the mirror's whole life.
    const MirrorStats& stats() const { return stats_; }
    // Nothing waits, neither here nor in the source, and every event has been looked at.
    bool idle() const;
    // The store refused for want of room, and inserts are held back.
    bool full() const { return full_; }

  private:
    enum class State { idle, starting, writing, paused };

    bool prepare(Instant now);
    bool take_change(std::size_t& inserts_left);
    void start(Instant now);
    void send_writes();
    bool send_write(std::size_t index);
    void written(std::size_t index, StoreResult result);
    void ended(StoreResult result);
    void settle();
    void met_full(Instant now);
    void refuse(const MirrorChange& change);
    void pause(Instant now);
    bool is_uncommitted(std::string_view path) const override;
    Instant deadline(Instant now) const;

    Store& store_;
    Clock& clock_;
    MirrorSource& source_;
    std::string directory_;
    Duration gather_;
    MirrorStats stats_;

    State state_ = State::idle;
    Transaction transaction_;
    struct Item {
        MirrorChange change;
        bool refused = false;  // its write was answered with an error
    };
    std::array<Item, batch_max> batch_;
    std::size_t batch_size_ = 0;
    std::size_t sent_ = 0;
    bool last_was_whole_ = false;  // the source had a whole batch: no gathering before the next
    Instant last_start_{INT64_MIN / 2};
    Instant paused_until_{};
    Duration retry_ = retry_first;

    bool full_ = false;
    bool trying_again_ = false;       // the batch holds inserts that were refused before
    bool write_met_full_ = false;     // a write of the batch, not its commit, was answered ENOSPC
    std::size_t window_ = batch_max;  // inserts in such a batch
    Duration full_retry_ = full_retry_first;
    Instant full_retry_at_{};

    MirrorChecks checks_;
};

}  // namespace stemma::rt
