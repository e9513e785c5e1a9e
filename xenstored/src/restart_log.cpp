#include "xenstored/restart_log.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "log_files.hpp"
#include "xenstored/descriptor.hpp"
#include "xenstored/record_player.hpp"

namespace stemma::xenstored {

using namespace log_format;
using Clock = std::chrono::steady_clock;

RestartLog::RestartLog(Settings settings, const BootId& boot)
    : settings_(std::move(settings)), boot_(boot) {}

std::expected<std::unique_ptr<RestartLog>, std::string> RestartLog::begin(const Settings& settings,
                                                                          const State& state) {
    const auto boot = boot_id();
    if (!boot) return std::unexpected(boot.error());
    auto log = std::unique_ptr<RestartLog>(new RestartLog(settings, *boot));
    // Numbers go on, so that nothing new can be taken for a part of what is there.
    for (const LogFile& file : log_files(settings.directory))
        log->number_ = std::max(log->number_, file.number);
    const std::uint64_t old = log->number_;
    if (auto first = log->make("spare", settings.segment_size); !first) {
        log->fail(std::move(first).error());
    } else if (log->use(std::move(*first), "spare")) {
        auto written = log->write_checkpoint({state, log->number_});
        if (written) {
            log->checkpoint_size_ = *written;
            ++log->stats_.checkpoints;
        } else {
            log->fail(std::move(written).error());
        }
    }
    log->remove_before(old + 1);
    log->thread_ = std::thread([log = log.get()] { log->work(); });
    return log;
}

RestartLog::~RestartLog() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_all();
    if (thread_.joinable()) thread_.join();
}

void RestartLog::discard() {
    if (active_) active_->make_void();
    active_.reset();
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_all();
    if (thread_.joinable()) thread_.join();
    spare_.reset();
    for (const LogFile& file : log_files(settings_.directory))
        ::unlink(file.path.c_str());
    ::rmdir(settings_.directory.c_str());
}

std::string RestartLog::path(std::string_view kind, std::uint64_t number) const {
    return log_file_path(settings_.directory, kind, number);
}

// Whoever removed the directory does not end the log for good.
std::expected<LogSegment, std::string> RestartLog::make(std::string_view kind, std::size_t size) {
    ::mkdir(settings_.directory.c_str(), 0700);
    return LogSegment::create(path(kind, 0), size);
}

void RestartLog::fail(std::string why) {
    ++stats_.failures;
    stats_.last_error = std::move(why);
    if (active_) active_->make_void();
    active_.reset();
    unfinished_ = false;
    retry_at_ = Clock::now() + settings_.retry;
    useless_before_ = number_ + 1;  // they may be what fills the file system
    wake_.notify_all();
}

bool RestartLog::use(LogSegment segment, std::string_view kind) {
    const std::string from = path(kind, 0), to = path("log", number_ + 1);
    segment.begin(number_ + 1, boot_);
    if (::rename(from.c_str(), to.c_str()) != 0) {
        fail(to + ": rename: " + std::strerror(errno));
        return false;
    }
    ++number_;
    if (active_) filled_ += active_->used();
    active_ = std::move(segment);
    return true;
}

bool RestartLog::next_segment(std::size_t least) {
    if (since_checkpoint() > settings_.log_max) {
        fail("the log has come to its bound, for no checkpoint could be written");
        return false;
    }
    {
        const std::lock_guard lock(mutex_);
        if (spare_ && spare_->size() >= least) {
            wake_.notify_all();
            // Under the lock, or another spare could have its name.
            return use(*std::exchange(spare_, std::nullopt), "spare");
        }
    }
    // Faster than the thread, or larger than all it makes.
    auto made = make("extra", std::max(settings_.segment_size, least));
    if (made) return use(std::move(*made), "extra");
    fail(std::move(made).error());
    return false;
}

void RestartLog::commit(std::string_view records) {
    if (!active_ || records.empty()) return;
    if (!active_->has_room_for_frame(records.size()) &&
        !next_segment(LogSegment::size_for_frame(records.size()))) {
        return;
    }
    active_->append(records);
    ++stats_.frames;
    stats_.bytes += records.size();
}

ssize_t RestartLog::receive(ConnectionId client, int socket, std::span<std::byte> room) {
    if (active_ && !active_->has_room_for_transfer(room.size())) next_segment(0);
    if (!active_) return SocketCalls::plain().receive(client, socket, room);
    const ssize_t received = active_->receive(client, socket, room);
    if (received > 0) stats_.bytes += static_cast<std::uint64_t>(received);
    return received;
}

ssize_t RestartLog::send(ConnectionId client, int socket, std::span<iovec> parts) {
    if (active_ && !active_->has_room_for_transfer(0)) next_segment(0);
    if (!active_) return SocketCalls::plain().send(client, socket, parts);
    return active_->send(client, socket, parts);
}

std::uint64_t RestartLog::since_checkpoint() const {
    return filled_ + (active_ ? active_->used() : 0);
}

bool RestartLog::wants_checkpoint() {
    if (has_news_.exchange(false)) {
        const std::lock_guard lock(mutex_);
        busy_ = false;
        if (finished_ && *finished_) {
            checkpoint_size_ = **finished_;
            ++stats_.checkpoints;
            unfinished_ = false;
        } else if (finished_) {
            // The log since the last one that is whole is still good.
            ++stats_.failures;
            stats_.last_error = finished_->error();
            if (unfinished_) fail(finished_->error());
            retry_at_ = Clock::now() + settings_.retry;
        }
        finished_.reset();
    }
    if (busy_) return false;
    const std::uint64_t due = std::max<std::uint64_t>(settings_.checkpoint_after, checkpoint_size_);
    if (active_ && since_checkpoint() < due) return false;
    if (retry_at_ != Clock::time_point() && Clock::now() < retry_at_) return false;
    const std::lock_guard lock(mutex_);
    if (!spare_ && !spare_error_.empty()) {
        stats_.last_error = spare_error_;
        retry_at_ = Clock::now() + settings_.retry;
        wake_.notify_all();
    }
    return spare_.has_value();
}

void RestartLog::checkpoint(State state) {
    const bool was_restartable = restartable();
    {
        const std::lock_guard lock(mutex_);
        if (!spare_ || !use(*std::exchange(spare_, std::nullopt), "spare")) return;
        busy_ = true;
        next_work_ = Work{std::move(state), number_};
    }
    filled_ = 0;
    retry_at_ = {};
    unfinished_ = !was_restartable;
    wake_.notify_all();
}

void RestartLog::work() {
    std::unique_lock lock(mutex_);
    bool may_make = true;  // a spare: a failure is tried again when somebody asks
    std::uint64_t removed_before = 0;
    while (!stopping_) {
        if (const std::uint64_t number = useless_before_; number != removed_before) {
            lock.unlock();
            remove_before(number);
            lock.lock();
            removed_before = number;
            may_make = true;
        } else if (next_work_) {
            const Work work = *std::exchange(next_work_, std::nullopt);
            // One whose segments have failed meanwhile, and are gone, would be taken for the whole.
            if (work.number >= removed_before) {
                lock.unlock();
                auto written = write_checkpoint(work);
                if (written) remove_before(work.number);
                lock.lock();
                finished_ = std::move(written);
            }
            has_news_ = true;
        } else if (!spare_ && may_make) {
            lock.unlock();
            auto made = make("spare", settings_.segment_size);
            lock.lock();
            may_make = made.has_value();
            if (made) {
                spare_ = std::move(*made);
                spare_error_.clear();
            } else {
                spare_error_ = std::move(made).error();
            }
        } else {
            wake_.wait(lock);
            may_make = true;
        }
    }
}

std::expected<std::size_t, std::string> RestartLog::write_checkpoint(const Work& work) {
    const std::string unfinished = path("unfinished", work.number);
    const auto failed = [&] {
        std::string why = unfinished + ": " + std::strerror(errno);
        ::unlink(unfinished.c_str());
        return std::unexpected(std::move(why));
    };
    const Descriptor file(
        ::open(unfinished.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    if (!file) return failed();
    std::size_t size = 0;
    const auto write = [&](std::span<const std::byte> bytes) {
        while (!bytes.empty()) {
            const ssize_t count = ::write(file.get(), bytes.data(), bytes.size());
            if (count < 0 && errno == EINTR) continue;
            if (count <= 0) return false;
            size += static_cast<std::size_t>(count);
            bytes = bytes.subspan(static_cast<std::size_t>(count));
        }
        return true;
    };
    const auto write_entry = [&](EntryKind kind, std::span<const std::byte> part) {
        const EntryHeader header{static_cast<std::uint32_t>(sizeof(EntryHeader) + part.size()),
                                 kind, crc_of(kind, part), 0};
        const std::array<std::byte, 8> padding{};
        return write(std::as_bytes(std::span(&header, 1))) && write(part) &&
               write(std::span(padding).first(aligned(part.size()) - part.size()));
    };
    FileHeader header{checkpoint_magic, version, 0, work.number, boot_, 0};
    header.crc = crc_of(header);
    const bool written =
        write(std::as_bytes(std::span(&header, 1))) &&
        write_state(work.state,
                    [&](std::string_view records) {
                        return write_entry(EntryKind::frame, std::as_bytes(std::span(records)));
                    }) &&
        write_entry(EntryKind::end, {});
    if (!written) return failed();
    if (::rename(unfinished.c_str(), path("checkpoint", work.number).c_str()) != 0) return failed();
    return size;
}

// Checkpoints first: without one nobody asks for segments.
void RestartLog::remove_before(std::uint64_t number) {
    const auto files = log_files(settings_.directory);
    for (const char* const kind : {"checkpoint", "log"}) {
        for (const LogFile& file : files) {
            if (file.kind == kind && file.number < number) ::unlink(file.path.c_str());
        }
    }
}

RestartLog::Stats RestartLog::stats() const {
    Stats stats = stats_;
    stats.restartable = restartable();
    stats.since_checkpoint = since_checkpoint();
    stats.checkpoint_bytes = checkpoint_size_;
    return stats;
}

}  // namespace stemma::xenstored
