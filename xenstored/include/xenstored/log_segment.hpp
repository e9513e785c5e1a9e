#pragma once

#include <sys/types.h>
#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "xenstored/connection_id.hpp"
#include "xenstored/log_format.hpp"

namespace stemma::xenstored {

// One file of the restart log, mapped and being written. All of its memory is taken from the file
// system when it is made, so that a full one is an error there and never a SIGBUS here, and is kept
// present, so that no page fault can come between a system call's work and its result.
class LogSegment {
  public:
    // Makes the file, mode 0600. The error names it and the call that failed.
    static std::expected<LogSegment, std::string> create(const std::string& path, std::size_t size);

    LogSegment(LogSegment&& other) noexcept { *this = std::move(other); }
    LogSegment& operator=(LogSegment&& other) noexcept {
        std::swap(memory_, other.memory_);
        std::swap(size_, other.size_);
        std::swap(next_, other.next_);
        return *this;
    }
    ~LogSegment();

    // Before anything else: which segment it is.
    void begin(std::uint64_t number, const log_format::BootId& boot);

    std::size_t used() const { return next_; }
    std::size_t size() const { return size_; }
    static std::size_t size_for_frame(std::size_t bytes);
    bool has_room_for_frame(std::size_t bytes) const;
    bool has_room_for_transfer(std::size_t bytes) const;

    // These need the room.
    void append(std::string_view records);
    ssize_t receive(ConnectionId client, int socket, std::span<std::byte> room);
    ssize_t send(ConnectionId client, int socket, std::span<iovec> parts);

    // Something happened that could not be written: nothing of the log is to be used.
    void make_void();

  private:
    LogSegment(std::byte* memory, std::size_t size) : memory_(memory), size_(size) {}

    void publish(std::size_t length);
    log_format::Transfer& begin_transfer(log_format::EntryKind kind, ConnectionId client);
    ssize_t end_transfer(int result, const log_format::Transfer& transfer, std::size_t bytes_kept);

    std::byte* memory_ = nullptr;
    std::size_t size_ = 0;
    std::size_t next_ = 0;  // where the next entry goes
};

}  // namespace stemma::xenstored
