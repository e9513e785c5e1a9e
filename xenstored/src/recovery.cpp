#include "xenstored/recovery.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "log_files.hpp"
#include "xenstored/descriptor.hpp"
#include "xenstored/log_format.hpp"
#include "xenstored/record_player.hpp"

namespace stemma::xenstored {

using namespace log_format;

namespace {

// A file as it is, for reading.
class Mapped {
  public:
    explicit Mapped(const std::string& path) {
        const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
        struct stat status {};
        if (!file || ::fstat(file.get(), &status) != 0 || status.st_size == 0) return;
        const auto size = static_cast<std::size_t>(status.st_size);
        void* const memory =
            ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, file.get(), 0);
        if (memory != MAP_FAILED) bytes_ = {static_cast<const std::byte*>(memory), size};
    }
    ~Mapped() {
        if (!bytes_.empty()) ::munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
    }
    Mapped(const Mapped&) = delete;
    Mapped& operator=(const Mapped&) = delete;

    // The header, if it is one of ours and of this boot.
    std::optional<FileHeader> header(const std::array<char, 8>& magic, const BootId& boot) const {
        FileHeader header;
        if (bytes_.size() < sizeof header) return std::nullopt;
        std::memcpy(&header, bytes_.data(), sizeof header);
        const bool ours = header.magic == magic && header.version == version &&
                          header.boot == boot && header.crc == crc_of(header);
        return ours ? std::optional(header) : std::nullopt;
    }
    std::span<const std::byte> entries() const { return bytes_.subspan(sizeof(FileHeader)); }

  private:
    std::span<const std::byte> bytes_;
};

// Plays one file into `into`; what was wrong is in `why`.
struct Playing {
    Recovered& into;
    std::string why;

    Ended file(std::span<const std::byte> entries, bool* found_end = nullptr) {
        const auto done = [&](std::expected<void, std::string> played) {
            if (!played) why = played.error();
            return played.has_value();
        };
        const auto find = [&](ConnectionId id) -> State::Connection* {
            const auto client = into.state.connections.find(id.value);
            if (client != into.state.connections.end()) return &client->second;
            why = "bytes of a client that is not there";
            return nullptr;
        };
        Visitor visitor;
        visitor.frame = [&](std::string_view records) {
            ++into.frames;
            into.bytes += records.size();
            return done(play(into.state, records));
        };
        visitor.received = [&](ConnectionId id, std::string_view bytes) {
            State::Connection* const client = find(id);
            if (client != nullptr) client->input.append(bytes);
            into.bytes += bytes.size();
            return client != nullptr;
        };
        visitor.sent = [&](ConnectionId id, std::size_t count) {
            State::Connection* const client = find(id);
            if (client == nullptr) return false;
            const bool fits = take_sent(*client, count);
            if (!fits) why = "more sent than there was";
            return fits;
        };
        return read_entries(entries, visitor, found_end);
    }
};

}  // namespace

std::expected<std::optional<Recovered>, std::string> recover(const std::string& directory) {
    const auto boot = boot_id();
    if (!boot) return std::unexpected(boot.error());
    const auto files = log_files(directory);
    std::optional<Recovered> recovered;
    std::uint64_t first = 0;
    for (auto file = files.rbegin(); file != files.rend() && !recovered; ++file) {
        if (file->kind != "checkpoint") continue;
        const Mapped mapped(file->path);
        if (!mapped.header(checkpoint_magic, *boot)) continue;
        recovered.emplace();
        Playing playing{*recovered, {}};
        bool found_end = false;
        if (playing.file(mapped.entries(), &found_end) != Ended::whole || !found_end) {
            return std::unexpected(file->path + " is damaged: " + playing.why);
        }
        first = file->number;
    }
    if (!recovered) return std::nullopt;
    std::uint64_t next = first;
    for (const LogFile& file : files) {
        if (file.kind != "log" || file.number < first) continue;
        const auto failed = [&](const std::string& why) {
            return std::unexpected(file.path + ": " + why);
        };
        if (file.number != next) return failed("the segment before it is missing");
        const Mapped mapped(file.path);
        const auto header = mapped.header(segment_magic, *boot);
        if (!header) return failed("not a segment of this boot");
        if (header->void_from_here != 0) return failed("the daemon could not write its log");
        if (recovered->torn) return failed("the segment before it is damaged");
        Playing playing{*recovered, {}};
        const Ended ended = playing.file(mapped.entries());
        if (ended == Ended::refused) return failed(playing.why);
        recovered->torn = ended == Ended::torn;
        ++next;
    }
    if (next == first) return std::unexpected(directory + ": a checkpoint without its segment");
    return recovered;
}

}  // namespace stemma::xenstored
