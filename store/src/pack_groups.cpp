#include "pack_groups.hpp"

#include <algorithm>
#include <cstring>
#include <set>
#include <system_error>
#include <unordered_set>

#include "file_read.hpp"
#include "git_tree_text.hpp"
#include "pack_text.hpp"
#include "pack_writer.hpp"
#include "raw_commit.hpp"
#include "ref_name.hpp"

namespace stemma::store {
namespace {

namespace fs = std::filesystem;
using Ids = std::unordered_set<CommitId>;

std::expected<std::vector<ObjectId>, Error> ids_in(const fs::path& pack) {
    const auto index = read_file(pack.string() + ".idx");
    if (!index) return std::unexpected(index.error());
    return indexed_ids(*index);
}

// Walks all that is reachable and copies what is among the wanted.
class Rescue {
  public:
    Rescue(Repository& repository, PackWriter& pack, Ids wanted)
        : repository_(repository), pack_(pack), wanted_(std::move(wanted)) {}

    std::expected<void, Error> from(const CommitId& head) {
        std::vector<CommitId> commits{head};
        while (!commits.empty() && !wanted_.empty()) {
            const CommitId here = commits.back();
            commits.pop_back();
            if (!seen_.insert(here).second) continue;
            const auto bytes = repository_.raw(here.bytes);
            if (!bytes) return std::unexpected(bytes.error());
            const auto commit = RawCommit::parse(*bytes);
            if (!commit) continue;  // a tag, or what somebody else keeps under a ref
            if (auto done = copy(ObjectKind::commit, here, *bytes); !done) return done;
            if (auto done = tree(commit->tree); !done) return done;
            commits.insert(commits.end(), commit->parents.begin(), commit->parents.end());
        }
        return {};
    }

  private:
    std::expected<void, Error> tree(const ObjectId& root) {
        std::vector<ObjectId> trees{root};
        while (!trees.empty() && !wanted_.empty()) {
            const ObjectId here = trees.back();
            trees.pop_back();
            if (!seen_.insert({here}).second) continue;
            const auto bytes = repository_.raw(here);
            if (!bytes) return std::unexpected(bytes.error());
            if (auto done = copy(ObjectKind::tree, {here}, *bytes); !done) return done;
            const auto entries = tree_entries(*bytes);
            if (!entries) continue;
            for (const GitTreeEntry& entry : *entries) {
                if (entry.is_tree) {
                    trees.push_back(entry.id);
                } else if (wanted_.contains({entry.id})) {
                    const auto blob = repository_.raw(entry.id);
                    if (!blob) return std::unexpected(blob.error());
                    if (auto done = copy(ObjectKind::blob, {entry.id}, *blob); !done) return done;
                }
            }
        }
        return {};
    }

    std::expected<void, Error> copy(ObjectKind kind, const CommitId& id, std::string_view bytes) {
        if (wanted_.erase(id) == 0) return {};
        const auto put = pack_.put(kind, bytes);
        if (!put) return std::unexpected(put.error());
        return {};
    }

    Repository& repository_;
    PackWriter& pack_;
    Ids wanted_;
    Ids seen_;
};

}  // namespace

std::map<std::string, PackGroup> pack_groups(const fs::path& repository) {
    std::map<std::string, PackGroup> groups;
    std::error_code error;
    for (fs::path file : files_in(repository / "objects" / "pack")) {
        const bool is_pack = file.extension() == ".pack";
        if (!is_pack && file.extension() != ".idx") continue;
        PackGroup& group = groups[pack_group(file.filename().string()).value_or("")];
        const auto size = fs::file_size(file, error);
        if (!error) group.bytes += size;
        if (is_pack) group.packs.push_back(file.replace_extension());
    }
    return groups;
}

std::string epoch_of_group(const std::string& group) {
    return group.substr(0, group.find('+'));
}

std::string next_group(const std::string& group) {
    const auto plus = group.find('+');
    const unsigned long number =
        plus == std::string::npos ? 0 : std::strtoul(group.c_str() + plus + 1, nullptr, 10);
    return group.substr(0, plus) + "+" + std::to_string(number + 1);
}

bool group_has(const PackGroup& group, const ObjectId& id) {
    return std::ranges::any_of(group.packs, [&](const fs::path& pack) {
        const auto ids = ids_in(pack);
        return ids && std::ranges::binary_search(*ids, id);
    });
}

std::expected<void, Error> remove_packs(Disk& disk, Repository& repository,
                                        const std::vector<fs::path>& packs) {
    Ids wanted;
    for (const fs::path& pack : packs) {
        const auto ids = ids_in(pack);
        if (!ids) return std::unexpected(ids.error());
        for (const ObjectId& id : *ids)
            wanted.insert({id});
    }
    PackWriter kept(disk, repository.path(), std::string(kept_group), nullptr);
    // What a kept pack or git's own has need not be copied; what another epoch has may go with
    // that.
    for (const auto& [name, group] : pack_groups(repository.path())) {
        if (name != kept_group && !name.empty()) continue;
        for (const fs::path& pack : group.packs) {
            if (std::ranges::find(packs, pack) != packs.end()) continue;
            const auto ids = ids_in(pack);
            if (!ids) return std::unexpected(ids.error());
            for (const ObjectId& id : *ids)
                wanted.erase({id});
        }
    }
    Rescue rescue(repository, kept, std::move(wanted));
    const auto refs = repository.refs("refs/");
    if (!refs) return std::unexpected(refs.error());
    for (const auto& [name, id] : *refs) {
        if (name.starts_with(live_prefix) || name == main_ref) continue;
        if (auto done = rescue.from(id); !done) return done;
    }
    if (auto done = kept.finish(); !done) return done;
    for (const fs::path& pack : packs) {
        // What is copied may be all there was, and so have its name.
        if (std::ranges::find(kept.packs(), pack) != kept.packs().end()) continue;
        remove_pack(disk, pack);
        std::error_code error;
        if (fs::exists(pack.string() + ".pack", error)) {
            return std::unexpected(
                Error{Error::Kind::disk, "remove", pack.string(), "it is still there"});
        }
    }
    return {};
}

}  // namespace stemma::store
