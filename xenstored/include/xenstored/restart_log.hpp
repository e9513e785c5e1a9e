#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "xenstored/journal.hpp"
#include "xenstored/log_segment.hpp"
#include "xenstored/socket_calls.hpp"

namespace stemma::xenstored {

// The second promise of the store, "restartable": what the daemon did, in files that outlive its
// process but not the host (a directory on tmpfs). Written by the owner's thread through mapped
// memory, so at the cost of copying; made, thrown away and checkpointed by a thread of its own.
//
// Bounded: a checkpoint is begun when the segments since the last have `checkpoint_after` bytes, or
// as many as that checkpoint has; at log_max of them the log gives up. A failure (a full file
// system, mostly) never stops the owner: what is there is made void, restartable() is false, and a
// new checkpoint is tried every second.
class RestartLog final : public Journal, public SocketCalls {
  public:
    struct Settings {
        std::string directory;  // made if absent, mode 0700
        std::size_t segment_size = 4 * 1024 * 1024;
        std::size_t checkpoint_after = 16 * 1024 * 1024;
        std::size_t log_max = 512 * 1024 * 1024;
        std::chrono::milliseconds retry{1000};
    };
    struct Stats {
        bool restartable = false;
        std::uint64_t frames = 0;
        std::uint64_t bytes = 0;  // written in all
        std::uint64_t since_checkpoint = 0;
        std::uint64_t checkpoints = 0;
        std::uint64_t checkpoint_bytes = 0;  // of the last
        std::uint64_t failures = 0;
        std::string last_error;
    };

    // Begins a log whose records are changes to `state`, in place of what is in the directory.
    // Waits until its checkpoint is written. The error: the kernel does not say which boot this is.
    // Any other failure is one to be tried again.
    static std::expected<std::unique_ptr<RestartLog>, std::string> begin(const Settings& settings,
                                                                         const State& state);
    ~RestartLog();
    RestartLog(const RestartLog&) = delete;
    RestartLog& operator=(const RestartLog&) = delete;

    void commit(std::string_view records) override;
    bool wants_checkpoint() override;
    void checkpoint(State state) override;
    ssize_t receive(ConnectionId client, int socket, std::span<std::byte> room) override;
    ssize_t send(ConnectionId client, int socket, std::span<iovec> parts) override;

    bool restartable() const { return active_.has_value() && !unfinished_; }
    Stats stats() const;

    // The daemon ends and is not to be taken up again: removes all files.
    void discard();

  private:
    struct Work {
        State state;
        std::uint64_t number;
    };

    RestartLog(Settings settings, const log_format::BootId& boot);

    std::string path(std::string_view kind, std::uint64_t number) const;
    void fail(std::string why);
    // Goes on in another segment that has `least` bytes.
    bool next_segment(std::size_t least);
    // It is the active one from now on; `kind` is the name it was made under.
    bool use(LogSegment segment, std::string_view kind);
    std::expected<LogSegment, std::string> make(std::string_view kind, std::size_t size);
    std::uint64_t since_checkpoint() const;

    // The thread's part.
    void work();
    std::expected<std::size_t, std::string> write_checkpoint(const Work& work);
    void remove_before(std::uint64_t number);

    const Settings settings_;
    const log_format::BootId boot_;

    // The owner's.
    std::optional<LogSegment> active_;  // none: not restartable
    std::uint64_t number_ = 0;          // of the active one, or the last that was
    std::uint64_t filled_ = 0;          // bytes of the segments since the checkpoint but the active
    std::uint64_t checkpoint_size_ = 0;
    bool unfinished_ = false;  // the first checkpoint after a failure is not written yet
    std::chrono::steady_clock::time_point retry_at_{};
    Stats stats_;

    // Shared with the thread.
    mutable std::mutex mutex_;
    std::condition_variable wake_;
    std::optional<Work> next_work_;
    std::optional<LogSegment> spare_;
    std::optional<std::expected<std::size_t, std::string>> finished_;  // the last checkpoint
    std::string spare_error_;
    std::atomic<bool> has_news_ = false;  // finished_ is there
    std::atomic<std::uint64_t> useless_before_ = 0;
    bool busy_ = false;
    bool stopping_ = false;
    std::thread thread_;
};

}  // namespace stemma::xenstored
