#include "xenstored/log_segment.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <new>

#include "xenstored/descriptor.hpp"

namespace stemma::xenstored {

using namespace log_format;

namespace {

constexpr std::size_t transfer_length = sizeof(EntryHeader) + sizeof(Transfer);

// What comes after the next entry is to be zeros, for it says where the log ends.
constexpr std::size_t with_end(std::size_t length) {
    return aligned(length) + sizeof(EntryHeader);
}

}  // namespace

std::expected<LogSegment, std::string> LogSegment::create(const std::string& path,
                                                          std::size_t size) {
    const auto failed = [&](const char* call, int error) {
        return std::unexpected(path + ": " + call + ": " + std::strerror(error));
    };
    // Never one that is there: whoever has it mapped would die of a SIGBUS when it is cut.
    ::unlink(path.c_str());
    const Descriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!file) return failed("open", errno);
    if (const int error = ::posix_fallocate(file.get(), 0, static_cast<off_t>(size))) {
        ::unlink(path.c_str());
        return failed("posix_fallocate", error);
    }
    void* const memory =
        ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, file.get(), 0);
    if (memory == MAP_FAILED) {
        const int error = errno;
        ::unlink(path.c_str());
        return failed("mmap", error);
    }
    // Against swapping. Not allowed to everybody; then the pages are present unless memory is
    // short.
    ::mlock(memory, size);
    return LogSegment(static_cast<std::byte*>(memory), size);
}

LogSegment::~LogSegment() {
    if (memory_ != nullptr) ::munmap(memory_, size_);
}

void LogSegment::begin(std::uint64_t number, const BootId& boot) {
    FileHeader header{segment_magic, version, 0, number, boot, 0};
    header.crc = crc_of(header);
    std::memcpy(memory_, &header, sizeof header);
    next_ = sizeof header;
}

std::size_t LogSegment::size_for_frame(std::size_t bytes) {
    return sizeof(FileHeader) + with_end(sizeof(EntryHeader) + bytes);
}

bool LogSegment::has_room_for_frame(std::size_t bytes) const {
    return size_ - next_ >= with_end(sizeof(EntryHeader) + bytes);
}

bool LogSegment::has_room_for_transfer(std::size_t bytes) const {
    return size_ - next_ >= with_end(transfer_length + bytes);
}

// The length makes the entry one: all else is written before it.
void LogSegment::publish(std::size_t length) {
    std::atomic_ref(*reinterpret_cast<std::uint32_t*>(memory_ + next_))
        .store(static_cast<std::uint32_t>(length), std::memory_order_release);
}

void LogSegment::append(std::string_view records) {
    const std::size_t length = sizeof(EntryHeader) + records.size();
    EntryHeader header{0, EntryKind::frame, 0, 0};
    header.crc = crc_of(header.kind, std::as_bytes(std::span(records)));
    std::memcpy(memory_ + next_, &header, sizeof header);
    std::memcpy(memory_ + next_ + sizeof header, records.data(), records.size());
    // A transfer that moved nothing may have been here.
    std::memset(memory_ + next_ + aligned(length), 0, sizeof(EntryHeader));
    publish(length);
    next_ += aligned(length);
}

Transfer& LogSegment::begin_transfer(EntryKind kind, ConnectionId client) {
    EntryHeader header{0, kind, 0, 0};
    header.crc = crc_of(kind, std::as_bytes(std::span(&client.value, 1)));
    std::memcpy(memory_ + next_, &header, sizeof header);
    auto* const transfer = new (memory_ + next_ + sizeof header) Transfer;
    transfer->client = client.value;
    return *transfer;
}

ssize_t LogSegment::end_transfer(int result, const Transfer& transfer, std::size_t bytes_kept) {
    const std::size_t moved = result == 1 ? transfer.message.msg_len : 0;
    if (moved > 0) {
        next_ += aligned(transfer_length + bytes_kept);
    } else {
        publish(0);
    }
    return result == 1 ? static_cast<ssize_t>(moved) : -1;
}

ssize_t LogSegment::receive(ConnectionId client, int socket, std::span<std::byte> room) {
    Transfer& transfer = begin_transfer(EntryKind::received, client);
    std::byte* const bytes = memory_ + next_ + transfer_length;
    transfer.buffer = {bytes, room.size()};
    transfer.message.msg_hdr.msg_iov = &transfer.buffer;
    transfer.message.msg_hdr.msg_iovlen = 1;
    publish(transfer_length);
    const int result = ::recvmmsg(socket, &transfer.message, 1, MSG_DONTWAIT, nullptr);
    const int error = errno;
    const std::size_t moved = transfer.message.msg_len;
    if (result == 1) std::memcpy(room.data(), bytes, moved);
    const ssize_t received = end_transfer(result, transfer, moved);
    errno = error;
    return received;
}

ssize_t LogSegment::send(ConnectionId client, int socket, std::span<iovec> parts) {
    Transfer& transfer = begin_transfer(EntryKind::sent, client);
    transfer.message.msg_hdr.msg_iov = parts.data();
    transfer.message.msg_hdr.msg_iovlen = parts.size();
    std::memset(memory_ + next_ + transfer_length, 0, sizeof(EntryHeader));
    publish(transfer_length);
    const int result = ::sendmmsg(socket, &transfer.message, 1, MSG_NOSIGNAL | MSG_DONTWAIT);
    const int error = errno;
    const ssize_t sent = end_transfer(result, transfer, 0);
    errno = error;
    return sent;
}

void LogSegment::make_void() {
    auto* const header = reinterpret_cast<FileHeader*>(memory_);
    std::atomic_ref(header->void_from_here).store(1, std::memory_order_release);
}

}  // namespace stemma::xenstored
