#include "epoch_rewrite.hpp"

#include <algorithm>
#include <charconv>

#include "directory_text.hpp"

namespace stemma::store {
namespace {

// What is remembered of trees is forgotten at this many: it is made again where it is needed.
constexpr std::size_t remembered_bound = 100'000;

std::unexpected<Error> corrupt(const CommitId& id, const char* why) {
    return std::unexpected(Error{Error::Kind::corrupt, "read", id.hex(), why});
}

// What makes one tree of another, both in git's order.
std::vector<DirectoryText::Edit> edits_between(const std::vector<GitTreeEntry>& before,
                                               const std::vector<GitTreeEntry>& after) {
    std::vector<DirectoryText::Edit> edits;
    auto one = before.begin();
    auto two = after.begin();
    while (one != before.end() || two != after.end()) {
        if (two == after.end() || (one != before.end() && git_order(*one, *two))) {
            edits.push_back({one->name, one->is_tree, std::nullopt});
            ++one;
        } else if (one == before.end() || git_order(*two, *one)) {
            edits.push_back({two->name, std::nullopt, *two});
            ++two;
        } else {
            if (one->id != two->id) edits.push_back({one->name, one->is_tree, *two});
            ++one;
            ++two;
        }
    }
    return edits;
}

std::optional<std::uint32_t> number_of(std::string_view name) {
    std::uint32_t number = 0;
    const char* const end = name.data() + name.size();
    if (std::from_chars(name.data(), end, number).ptr != end || name.empty()) return std::nullopt;
    return number;
}

const GitTreeEntry* find(const std::vector<GitTreeEntry>& entries, std::string_view name) {
    const auto place = std::ranges::find(entries, name, &GitTreeEntry::name);
    return place == entries.end() ? nullptr : &*place;
}

}  // namespace

EpochRewrite::EpochRewrite(Disk& disk, const std::filesystem::path& repository, std::string group,
                           const CommitId& head, RetentionStep step, std::optional<EpochNote> last)
    : what_(std::move(step)),
      old_head_(head),
      head_(head),
      note_(last.value_or(EpochNote{})),
      gather_(!last),
      pack_(disk, repository, std::move(group), nullptr) {
    note_.level = what_.level;
    for (const DomainName& domain : what_.without) {
        note_.domains.erase(domain);
        for (PathElements& path : paths_of(domain))
            paths_.push_back(std::move(path));
    }
}

std::expected<bool, Error> EpochRewrite::step(Repository& repository, std::size_t commits) {
    if (!listed_) {
        if (auto done = list(repository); !done) return std::unexpected(std::move(done.error()));
        listed_ = true;
        return false;
    }
    for (; commits > 0 && next_ < items_.size(); --commits, ++next_) {
        if (auto done = write(repository, items_[next_]); !done) {
            return std::unexpected(std::move(done.error()));
        }
    }
    if (next_ < items_.size()) return false;
    if (auto done = pack_.finish(); !done) return std::unexpected(std::move(done.error()));
    return true;
}

// Which commits there are, and which stay: the first, the last, and of each author the last of each
// span of time.
std::expected<void, Error> EpochRewrite::list(Repository& repository) {
    const auto span = thinning_span(what_.level).count();
    std::set<std::pair<std::string, std::int64_t>> seen;
    for (std::optional<CommitId> at = old_head_; at;) {
        const auto bytes = repository.raw(at->bytes);
        if (!bytes) return std::unexpected(bytes.error());
        const auto commit = RawCommit::parse(*bytes);
        if (!commit) return corrupt(*at, "not a commit");
        if (items_.empty()) note_.end = commit->when;
        const bool first_seen =
            span == 0 || seen.insert({commit->author, commit->when / span}).second;
        items_.push_back({*at, items_.empty() || first_seen || commit->parents.empty()});
        at = commit->parents.empty() ? std::nullopt : std::optional(commit->parents.front());
    }
    std::ranges::reverse(items_);
    return {};
}

std::expected<void, Error> EpochRewrite::write(Repository& repository, const Item& item) {
    const auto bytes = repository.raw(item.id.bytes);
    if (!bytes) return std::unexpected(bytes.error());
    auto commit = RawCommit::parse(*bytes);
    if (!commit) return corrupt(item.id, "not a commit");
    if (gather_) {
        if (auto done = note_domains(repository, commit->tree, commit->when); !done) return done;
    }
    if (!item.keep) {
        ++left_out_;
        return {};
    }
    if (!paths_.empty()) {
        States states;
        for (std::size_t i = 0; i < paths_.size(); ++i)
            states.emplace_back(i, 0);
        const auto less = pruned(repository, commit->tree, states);
        if (!less) return std::unexpected(less.error());
        commit->tree = *less;
        commit->message = message_without(commit->author, commit->message, what_.without);
    }
    if (left_out_ > 0) {
        commit->message += "(and " + std::to_string(left_out_) + " earlier changes)\n";
        left_out_ = 0;
    }
    if (auto done = copy_tree(repository, commit->tree, last_tree_); !done) return done;
    last_tree_ = commit->tree;
    commit->parents.clear();
    if (generation_ > 0) commit->parents.push_back(head_);
    const auto id = pack_.put(ObjectKind::commit, commit->text(++generation_));
    if (!id) return std::unexpected(id.error());
    head_ = {*id};
    return {};
}

std::expected<std::string, Error> EpochRewrite::object(Repository& repository, const ObjectId& id) {
    const auto made = made_.find({id});
    if (made != made_.end()) return made->second;
    return repository.raw(id);
}

std::expected<std::vector<GitTreeEntry>, Error> EpochRewrite::tree(Repository& repository,
                                                                   const ObjectId& id) {
    const auto bytes = object(repository, id);
    if (!bytes) return std::unexpected(bytes.error());
    auto entries = tree_entries(*bytes);
    if (!entries) return corrupt({id}, "not a tree");
    return *std::move(entries);
}

// The tree without what the paths name. Recursion is on the paths, which are ours and short.
std::expected<ObjectId, Error> EpochRewrite::pruned(Repository& repository, const ObjectId& id,
                                                    const States& states) {
    const auto known = pruned_.find({id, states});
    if (known != pruned_.end()) return known->second;
    const auto bytes = object(repository, id);
    if (!bytes) return std::unexpected(bytes.error());
    const auto entries = tree_entries(*bytes);
    if (!entries) return corrupt({id}, "not a tree");
    std::vector<DirectoryText::Edit> edits;
    for (const GitTreeEntry& entry : *entries) {
        States below;
        bool goes = false;
        for (const auto& [path, depth] : states) {
            const std::string& element = paths_[path][depth];
            if (element != "*" && element != entry.name) continue;
            if (depth + 1 == paths_[path].size()) goes = true;
            below.emplace_back(path, depth + 1);
        }
        if (goes) {
            edits.push_back({entry.name, entry.is_tree, std::nullopt});
        } else if (!below.empty() && entry.is_tree) {
            const auto less = pruned(repository, entry.id, below);
            if (!less) return less;
            if (*less != entry.id) {
                edits.push_back({entry.name, true, GitTreeEntry{entry.name, true, *less}});
            }
        }
    }
    ObjectId result = id;
    if (!edits.empty()) {
        DirectoryText text(*bytes);
        if (!text.apply(edits)) return corrupt({id}, "not in git's order");
        const auto made = object_id(ObjectKind::tree, text.bytes());
        if (!made) return made;
        result = *made;
        if (made_.size() >= remembered_bound) {
            made_.clear();
            pruned_.clear();
            last_tree_.reset();
        }
        made_[{result}] = text.bytes();
    }
    pruned_[{id, states}] = result;
    return result;
}

// The tree and all below it that is not copied yet, each tree as a delta of what it was in the last
// commit that was kept.
std::expected<void, Error> EpochRewrite::copy_tree(Repository& repository, const ObjectId& id,
                                                   const std::optional<ObjectId>& before) {
    std::vector<std::pair<ObjectId, std::optional<ObjectId>>> waiting{{id, before}};
    while (!waiting.empty()) {
        const auto [here, last] = waiting.back();
        waiting.pop_back();
        if (!copied_.insert({here}).second) continue;
        const auto bytes = object(repository, here);
        if (!bytes) return std::unexpected(bytes.error());
        const auto entries = tree_entries(*bytes);
        if (!entries) return corrupt({here}, "not a tree");
        std::vector<GitTreeEntry> old;
        DirectoryText old_text;
        if (last) {
            auto old_bytes = object(repository, *last);
            if (!old_bytes) return std::unexpected(old_bytes.error());
            if (auto parsed = tree_entries(*old_bytes)) old = std::move(*parsed);
            old_text = DirectoryText(std::move(*old_bytes));
        }
        const auto edits = edits_between(old, *entries);
        for (const DirectoryText::Edit& edit : edits) {
            if (!edit.now || copied_.contains({edit.now->id})) continue;
            if (edit.now->is_tree) {
                const GitTreeEntry* const was = find(old, edit.name);
                const bool has = was != nullptr && was->is_tree;
                waiting.emplace_back(edit.now->id, has ? std::optional(was->id) : std::nullopt);
                continue;
            }
            const auto blob = repository.raw(edit.now->id);
            if (!blob) return std::unexpected(blob.error());
            if (auto put = pack_.put(ObjectKind::blob, *blob); !put) {
                return std::unexpected(std::move(put.error()));
            }
            copied_.insert({edit.now->id});
        }
        const auto delta = last ? old_text.apply(edits) : std::nullopt;
        const auto put = delta ? pack_.put_delta(ObjectKind::tree, *bytes, {*last, *delta})
                               : pack_.put(ObjectKind::tree, *bytes);
        if (!put) return std::unexpected(put.error());
    }
    return {};
}

// Which domains the commit has; each was last seen in the last commit that has it.
std::expected<void, Error> EpochRewrite::note_domains(Repository& repository, const ObjectId& root,
                                                      std::int64_t when) {
    ObjectId at = root;
    for (const char* name : {"local", "domain"}) {
        const auto entries = tree(repository, at);
        if (!entries) return std::unexpected(entries.error());
        const GitTreeEntry* const entry = find(*entries, name);
        if (entry == nullptr || !entry->is_tree) return {};
        at = entry->id;
    }
    if (last_domains_ != at) {
        last_domains_ = at;
        in_last_.clear();
        const auto domains = tree(repository, at);
        if (!domains) return std::unexpected(domains.error());
        for (const GitTreeEntry& domain : *domains) {
            const auto number = number_of(domain.name);
            if (!number || *number == 0) continue;
            auto [vm, is_new] = vm_of_.try_emplace({domain.id}, no_vm);
            if (is_new && domain.is_tree) {
                const auto home = tree(repository, domain.id);
                if (!home) return std::unexpected(home.error());
                const GitTreeEntry* const name = find(*home, "vm");
                if (name != nullptr && !name->is_tree) {
                    const auto value = repository.raw(name->id);
                    if (!value) return std::unexpected(value.error());
                    vm->second = vm_text(*value);
                }
            }
            in_last_.push_back({*number, vm->second});
        }
        if (vm_of_.size() >= remembered_bound) vm_of_.clear();
    }
    for (const DomainName& domain : in_last_)
        note_.domains[domain] = when;
    return {};
}

}  // namespace stemma::store
