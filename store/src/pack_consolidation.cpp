#include "pack_consolidation.hpp"

#include <string>
#include <system_error>
#include <unordered_map>
#include <vector>

#include "file_write.hpp"
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

std::vector<fs::path> small_packs(const fs::path& repository, std::size_t small_bytes) {
    std::vector<fs::path> packs;
    std::error_code error;
    for (const fs::path& file : files_in(repository / "objects" / "pack")) {
        const bool ours = file.filename().string().starts_with(own_pack_prefix);
        if (!ours || file.extension() != ".pack") continue;
        const auto size = fs::file_size(file, error);
        if (error || size >= small_bytes) continue;
        if (fs::exists(beside(file, ".keep"), error)) continue;
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

std::expected<bool, Error> consolidate_packs(const std::filesystem::path& repository,
                                             const ConsolidationLimits& limits) {
    const auto packs = small_packs(repository, limits.small_bytes);
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
    const auto installed = install_pack(repository, joined, false);
    if (!installed) return std::unexpected(installed.error());
    for (const fs::path& pack : taken) {
        if (pack.stem() == installed->filename()) continue;
        // The index first: a pack without one is nothing to git.
        std::error_code ignored;
        fs::remove(beside(pack, ".idx"), ignored);
        fs::remove(pack, ignored);
    }
    return true;
}

void clear_leftovers(const std::filesystem::path& repository) {
    std::error_code error;
    std::vector<fs::path> doomed = files_in(repository / "incoming");
    for (const fs::path& file : files_in(repository / "objects" / "pack")) {
        if (file.extension() != ".keep") continue;
        const auto text = read_file(file);
        if (text && *text == keep_text) doomed.push_back(file);
    }
    for (const fs::path& file : doomed)
        fs::remove(file, error);
}

}  // namespace stemma::store
