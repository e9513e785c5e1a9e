#include "xenstored/log_format.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "xenstored/crc32c.hpp"
#include "xenstored/descriptor.hpp"

namespace stemma::xenstored::log_format {

std::uint32_t crc_of(FileHeader header) {
    header.crc = 0;
    header.void_from_here = 0;
    return crc32c(std::as_bytes(std::span(&header, 1)));
}

std::uint32_t crc_of(EntryKind kind, std::span<const std::byte> part) {
    return crc32c(part, crc32c(std::as_bytes(std::span(&kind, 1))));
}

std::expected<BootId, std::string> boot_id() {
    constexpr char path[] = "/proc/sys/kernel/random/boot_id";
    const Descriptor file(::open(path, O_RDONLY | O_CLOEXEC));
    BootId id;
    if (!file || ::read(file.get(), id.data(), id.size()) != static_cast<ssize_t>(id.size())) {
        return std::unexpected(std::string(path) + ": " + std::strerror(errno));
    }
    return id;
}

Ended read_entries(std::span<const std::byte> file, const Visitor& visitor, bool* found_end) {
    const auto text = [](std::span<const std::byte> bytes) {
        return std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    };
    while (file.size() >= sizeof(EntryHeader)) {
        EntryHeader header;
        std::memcpy(&header, file.data(), sizeof header);
        if (header.length == 0) return Ended::whole;
        if (header.length < sizeof header || header.length > file.size()) return Ended::torn;
        const auto part = file.subspan(sizeof header, header.length - sizeof header);
        std::size_t length = header.length;
        Transfer transfer;
        const bool is_transfer =
            header.kind == EntryKind::received || header.kind == EntryKind::sent;
        if (is_transfer) {
            if (part.size() != sizeof transfer) return Ended::torn;
            std::memcpy(&transfer, part.data(), sizeof transfer);
        }
        // The kernel writes into the rest of a transfer.
        const auto fixed = is_transfer ? part.first(sizeof transfer.client) : part;
        if (header.crc != crc_of(header.kind, fixed)) return Ended::torn;
        const std::size_t moved = transfer.message.msg_len;
        bool going = true;
        switch (header.kind) {
            case EntryKind::frame:
                going = visitor.frame(text(part));
                break;
            case EntryKind::received:
                if (moved > file.size() - length) return Ended::torn;
                if (moved > 0) {
                    going = visitor.received({transfer.client}, text(file.subspan(length, moved)));
                }
                length += moved;
                break;
            case EntryKind::sent:
                if (moved > 0) going = visitor.sent({transfer.client}, moved);
                break;
            case EntryKind::end:
                if (found_end != nullptr) *found_end = true;
                return Ended::whole;
            default:
                return Ended::torn;
        }
        if (!going) return Ended::refused;
        file = file.subspan(std::min(aligned(length), file.size()));
    }
    return Ended::whole;
}

}  // namespace stemma::xenstored::log_format
