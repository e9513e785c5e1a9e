#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rt/mirror_source.hpp"
#include "rt/store.hpp"

namespace stemma::rt {

// Tells whether the mirror has taken a change of `path` from the source and not yet committed it.
class UncommittedChanges {
  public:
    virtual ~UncommittedChanges() = default;
    virtual bool is_uncommitted(std::string_view path) const = 0;
};

// The inward half of a Mirror: turns watch events into READs, and READs that differ from what the
// source holds into MirrorSource::foreign().
//
// Bounds: queue_max paths wait to be read; an event beyond is dropped and counted, and once the
// queue has drained everything is compared: each entry the source holds, and each that a walk
// through the directory finds. At most reads_max requests are outstanding.
class MirrorChecks {
  public:
    static constexpr std::size_t queue_max = 4096;
    static constexpr std::size_t reads_max = 32;
    static constexpr std::size_t sweeps_max = 16;
    static constexpr std::size_t walk_max = 4096;  // directories known and not yet listed

    MirrorChecks(Store& store, MirrorSource& source, const UncommittedChanges& uncommitted,
                 std::string_view directory);
    MirrorChecks(const MirrorChecks&) = delete;
    MirrorChecks& operator=(const MirrorChecks&) = delete;

    // Called from Mirror::run(): submits what can be.
    void run();
    bool idle() const;

    std::uint64_t foreign() const { return foreign_; }
    std::uint64_t events_lost() const { return events_lost_; }

  private:
    struct Sweep {
        std::string directory;
        std::uint64_t cursor = 0;
    };

    void watch();
    void event(std::string_view path);
    void check(std::string_view path);
    void sweep(std::string_view directory);
    void run_sweeps();
    void run_walk();
    void list(std::string_view directory);
    void listed(std::string_view directory, StoreResult result);
    void run_reads();
    void answered(StoreResult result);
    std::string full_path(std::string_view path) const;

    Store& store_;
    MirrorSource& source_;
    const UncommittedChanges& uncommitted_;
    std::string directory_;

    bool watching_ = false;
    bool initial_event_seen_ = false;
    std::deque<std::string> queue_;  // relative paths; the first reads_ of them are submitted
    std::size_t reads_ = 0;
    std::deque<Sweep> sweeps_;
    std::vector<std::string> walk_;
    bool listing_ = false;
    bool lost_ = false;  // an event was dropped since the last comparison of everything
    std::string held_;
    std::uint64_t foreign_ = 0;
    std::uint64_t events_lost_ = 0;
};

}  // namespace stemma::rt
