#pragma once

#include <sys/socket.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <span>
#include <string>
#include <type_traits>

#include "xenstored/connection_id.hpp"

// The files of the restart log (xenstored/README.md): a header, then entries, each at a multiple of
// 8 bytes, in the host's byte order and layout, for the same host reads them in the same boot.
namespace stemma::xenstored::log_format {

using BootId = std::array<char, 36>;
inline constexpr std::uint32_t version = 1;
inline constexpr std::array<char, 8> segment_magic{'s', 't', 'e', 'm', 'l', 'o', 'g', '\n'};
inline constexpr std::array<char, 8> checkpoint_magic{'s', 't', 'e', 'm', 'c', 'h', 'k', '\n'};

struct FileHeader {
    std::array<char, 8> magic{};
    std::uint32_t version = 0;
    std::uint32_t void_from_here = 0;  // of a segment: a write failed, nothing here is to be used
    std::uint64_t number = 0;          // of a checkpoint: that of the first segment after it
    BootId boot{};
    std::uint32_t crc = 0;  // of all of it, with this and void_from_here 0
};
static_assert(sizeof(FileHeader) == 64 && std::is_trivially_copyable_v<FileHeader>);

enum class EntryKind : std::uint32_t {
    frame = 1,  // records: the effects of one turn of the daemon's loop, or a part of a checkpoint
    received = 2,  // a Transfer, then the bytes: of a recvmmsg() into this place
    sent = 3,      // a Transfer: of a sendmmsg()
    end = 4,       // of a checkpoint: it is whole
};

struct EntryHeader {
    std::uint32_t length = 0;  // of header and fixed part; written last, 0 where the log ends
    EntryKind kind{};
    std::uint32_t crc = 0;  // of `kind` and the part
    std::uint32_t unused = 0;
};
static_assert(sizeof(EntryHeader) == 16);

// One system call that moves bytes between a client and the daemon. The kernel itself writes
// `message.msg_len`, before the call returns and before a signal can end the process; so what the
// call did is known, even if the process died in it.
struct Transfer {
    std::uint64_t client = 0;  // ConnectionId's value: the part that the entry's crc is of
    mmsghdr message{};
    iovec buffer{};  // of `received`
};
static_assert(sizeof(Transfer) % 8 == 0);

constexpr std::size_t aligned(std::size_t size) {
    return (size + 7) & ~std::size_t{7};
}

std::uint32_t crc_of(FileHeader header);
std::uint32_t crc_of(EntryKind kind, std::span<const std::byte> part);

// What the kernel calls this boot of the host; an error if /proc is not there.
std::expected<BootId, std::string> boot_id();

// Reads a file's entries in their order.
struct Visitor {
    std::function<bool(std::string_view records)> frame;
    std::function<bool(ConnectionId, std::string_view bytes)> received;
    std::function<bool(ConnectionId, std::size_t bytes)> sent;
};
enum class Ended {
    whole,    // at a clean end: zeros, or the end of the file, or `end`
    torn,     // at an entry that is not whole
    refused,  // by the visitor
};
// `file` without its header. `found_end`: whether it ended with an `end` entry.
Ended read_entries(std::span<const std::byte> file, const Visitor& visitor,
                   bool* found_end = nullptr);

}  // namespace stemma::xenstored::log_format
