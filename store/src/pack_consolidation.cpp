#include "pack_consolidation.hpp"

#include <string>
#include <system_error>
#include <unordered_map>
#include <vector>

#include "file_read.hpp"
#include "pack_text.hpp"
#include "pack_writer.hpp"
#include "store/commit.hpp"

namespace stemma::store {
namespace {

namespace fs = std::filesystem;

fs::path beside(const fs::path& pack, const char* extension) {
    fs::path file = pack;
    return file.replace_extension(extension);
}

std::vector<fs::path> small_packs(const fs::path& repository, std::string_view group,
                                  std::size_t small_bytes) {
    std::vector<fs::path> packs;
    std::error_code error;
    for (const fs::path& file : files_in(repository / "objects" / "pack")) {
        if (file.extension() != ".pack" || pack_group(file.filename().string()) != group) continue;
        const auto size = fs::file_size(file, error);
        if (error || size >= small_bytes) continue;
        if (!fs::exists(beside(file, ".idx"), error)) continue;
        packs.push_back(file);
    }
    return packs;
}

// An object that the joined pack has already is left out, and a delta of it follows its new place.
std::expected<void, Error> append_pack(PackText& joined,
                                       std::unordered_map<CommitId, std::size_t>& seen,
                                       const std::vector<PackedBytes>& objects) {
    std::unordered_map<std::size_t, std::size_t> moved;  // from the offset in the old pack
    for (const PackedBytes& object : objects) {
        const auto base = object.base ? moved.find(*object.base) : moved.end();
        if (object.base && base == moved.end()) {
            return std::unexpected(
                Error{Error::Kind::corrupt, "join", "a pack", "a delta of no object"});
        }
        const auto [place, is_new] = seen.try_emplace({object.id}, joined.size());
        if (is_new) joined.add_packed(object, base == moved.end() ? 0 : base->second);
        moved[object.offset] = place->second;
    }
    return {};
}

}  // namespace

std::expected<bool, Error> consolidate_packs(Disk& disk, const std::filesystem::path& repository,
                                             std::string_view group,
                                             const ConsolidationLimits& limits) {
    const auto packs = small_packs(repository, group, limits.small_bytes);
    if (packs.size() < limits.packs) return false;
    PackText joined;
    std::unordered_map<CommitId, std::size_t> seen;  // to its place in the joined pack
    std::vector<fs::path> taken;
    for (const fs::path& pack : packs) {
        if (joined.size() + limits.small_bytes > PackWriter::pack_bound) break;
        const auto bytes = read_file(pack);
        const auto index = read_file(beside(pack, ".idx"));
        if (!bytes) return std::unexpected(bytes.error());
        if (!index) return std::unexpected(index.error());
        const auto objects = packed_objects(*bytes, *index);
        if (!objects && objects.error().kind == Error::Kind::refused) continue;
        if (!objects) return std::unexpected(objects.error());
        if (auto done = append_pack(joined, seen, *objects); !done) {
            return std::unexpected(std::move(done.error()));
        }
        taken.push_back(pack);
    }
    if (taken.size() < 2) return false;
    joined.seal();
    const auto installed = install_pack(disk, repository, joined, group);
    if (!installed) return std::unexpected(installed.error());
    for (fs::path pack : taken) {
        if (pack.stem() != installed->filename()) remove_pack(disk, pack.replace_extension());
    }
    return true;
}

void clear_leftovers(Disk& disk, const std::filesystem::path& repository) {
    std::error_code error;
    for (const fs::path& file : files_in(repository / "incoming"))
        disk.remove(file);
    for (fs::path file : files_in(repository / "objects" / "pack")) {
        if (!pack_group(file.filename().string())) continue;
        if (!fs::exists(beside(file, ".idx"), error) || !fs::exists(beside(file, ".pack"), error)) {
            remove_pack(disk, file.replace_extension());
        }
    }
    // `git gc` locks a ref with an empty file; one with a commit in it is ours.
    constexpr std::uintmax_t line = 41;
    for (const char* folder : {"refs/heads", "refs/live", "refs/snapshots", "refs/guests"}) {
        for (const fs::path& file : files_in(repository / folder)) {
            if (file.extension() == ".lock" && fs::file_size(file, error) == line) {
                disk.remove(file);
            }
        }
    }
}

}  // namespace stemma::store
