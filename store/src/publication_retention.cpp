// What a Publication takes away of history: see retention.hpp for what goes when, epoch_rewrite.hpp
// and pack_groups.hpp for how.
//
// An epoch is packed again beside its packs, its ref moves, its note is written; whichever of its
// groups then is not the last one with the ref's commit in it is removed at the next step. So a
// crash anywhere leaves a step to be done again.
#include <algorithm>

#include "child_pair.hpp"
#include "file_read.hpp"
#include "pack_groups.hpp"
#include "publication.hpp"
#include "ref_file.hpp"
#include "ref_name.hpp"

namespace stemma::store {
namespace {

constexpr std::size_t commits_a_step = 64;

std::int64_t seconds_of(Time time) {
    return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}

const Node* domains_of(const Tree& tree) {
    return tree.find("/local/domain");
}

// A domain by its home; number 0 for what is none, and for domain 0.
DomainName domain_name(const Node& home) {
    DomainName domain;
    for (const char c : home.name()) {
        if (c < '0' || c > '9' || domain.number > 65'535) return {};
        domain.number = domain.number * 10 + static_cast<std::uint32_t>(c - '0');
    }
    const Node* const vm = home.child("vm");
    domain.vm = vm_text(vm != nullptr ? vm->value() : "");
    return domain;
}

}  // namespace

void Publication::note_deaths(const Tree& tree, Time when) {
    const Node* const now = domains_of(tree);
    if (now == domains_.get()) return;
    Visited visited;
    ChildPair children(domains_.get(), now, visited);
    const Node* before = nullptr;
    const Node* after = nullptr;
    while (children.next(before, after)) {
        if (before == nullptr) continue;
        const DomainName was = domain_name(*before);
        if (was.number == 0) continue;
        if (after != nullptr && domain_name(*after) == was) continue;
        if (deaths_.size() >= deaths_bound) deaths_.clear();
        deaths_[was] = seconds_of(when);
    }
    domains_ = Ref<const Node>::share(now);
}

std::set<DomainName> Publication::alive() const {
    std::set<DomainName> alive;
    if (!domains_) return alive;
    for (ChildCursor cursor(domains_->children()); cursor.get() != nullptr; cursor.next()) {
        const DomainName domain = domain_name(*cursor.get());
        if (domain.number != 0) alive.insert(domain);
    }
    return alive;
}

std::filesystem::path Publication::note_file(const std::string& epoch) const {
    return repository_.path() / "epochs" / epoch;
}

std::expected<bool, Error> Publication::maintain(Time now) {
    if (state_.live.ref.empty()) return false;  // main still names an epoch that has ended
    if (rewrite_) return continue_rewrite();
    const std::string newest = epoch_of_group(group());
    const auto refs = repository_.refs(live_prefix);
    if (!refs) return std::unexpected(refs.error());
    std::map<std::string, CommitId> heads;
    for (const auto& [name, id] : *refs)
        heads[name.substr(std::string_view(live_prefix).size())] = id;

    const auto groups = pack_groups(repository_.path());
    std::map<std::string, std::vector<std::string>> of_epoch;  // its groups, the last one last
    std::vector<std::filesystem::path> leftover;
    std::uint64_t other = 0;
    kept_.bytes = 0;
    kept_.epochs = heads.size();
    for (const auto& [name, group] : groups) {
        kept_.bytes += group.bytes;
        const std::string epoch = epoch_of_group(name);
        if (name.empty() || name == kept_group || epoch == newest) {
            other += group.bytes;
        } else if (heads.contains(epoch)) {
            of_epoch[epoch].push_back(name);
        } else {
            leftover.insert(leftover.end(), group.packs.begin(), group.packs.end());
        }
    }
    // Of each epoch the last group that holds its head counts. If none does, somebody has packed
    // what was ours, and what is where nobody knows.
    std::map<std::string, std::string> group_of;
    for (auto& [epoch, names] : of_epoch) {
        std::ranges::sort(names, {},
                          [](const std::string& name) { return std::pair(name.size(), name); });
        const auto chosen =
            std::ranges::find_if(names.rbegin(), names.rend(), [&](const std::string& name) {
                return group_has(groups.at(name), heads.at(epoch).bytes);
            });
        if (chosen == names.rend()) continue;
        group_of[epoch] = *chosen;
        for (const std::string& name : names) {
            const auto& packs = groups.at(name).packs;
            if (name != *chosen) leftover.insert(leftover.end(), packs.begin(), packs.end());
        }
    }
    // What kept refs no longer name: the last states of guests, snapshots that were removed.
    constexpr std::uint64_t slack = 16UL << 20;
    const auto kept = groups.find(std::string(kept_group));
    const bool clear_kept =
        leftover.empty() && kept != groups.end() && kept->second.bytes > 2 * kept_base_ + slack;
    if (clear_kept) leftover = kept->second.packs;
    if (!leftover.empty()) {
        if (auto done = remove_packs(*disk_, repository_, leftover); !done) {
            return std::unexpected(std::move(done.error()));
        }
        if (clear_kept) {
            kept_base_ = pack_groups(repository_.path())[std::string(kept_group)].bytes;
        }
        if (auto done = reopen(); !done) return std::unexpected(std::move(done.error()));
        return true;
    }

    std::vector<EpochState> epochs;
    for (const auto& [epoch, head] : heads) {
        if (epoch == newest) continue;
        const auto group = groups.find(group_of.contains(epoch) ? group_of.at(epoch) : epoch);
        EpochState state{epoch, group == groups.end() ? 0 : group->second.bytes, std::nullopt};
        if (const auto text = read_file(note_file(epoch))) state.note = parse_epoch_note(*text);
        epochs.push_back(std::move(state));
    }
    const auto step = next_step(retention_, epochs, other, alive(), deaths_, seconds_of(now));
    if (!step) return false;
    const auto state = std::ranges::find(epochs, step->epoch, &EpochState::name);
    return begin_step(*step, heads.at(step->epoch), group_of[step->epoch], state->note);
}

std::expected<bool, Error> Publication::begin_step(const RetentionStep& step, const CommitId& head,
                                                   const std::string& group,
                                                   std::optional<EpochNote> note) {
    if (step.kind == RetentionStep::Kind::drop) {
        const auto removed = repository_.remove_ref(live_prefix + step.epoch, head);
        if (!removed) return std::unexpected(removed.error());
        disk_->remove(note_file(step.epoch));
        ++kept_.dropped;
        return true;
    }
    rewrite_.emplace(*disk_, repository_.path(), next_group(group.empty() ? step.epoch : group),
                     head, step, std::move(note));
    return true;
}

std::expected<bool, Error> Publication::continue_rewrite() {
    const auto failed = [&](Error error) {
        rewrite_.reset();
        return std::unexpected(std::move(error));
    };
    auto done = rewrite_->step(repository_, commits_a_step);
    if (!done) {
        rewrite_->discard();
        return failed(std::move(done.error()));
    }
    if (!*done) return true;
    const std::string& epoch = rewrite_->what().epoch;
    if (rewrite_->head() != rewrite_->old_head()) {
        const auto moved = move_ref_file(*disk_, repository_, live_prefix + epoch,
                                         rewrite_->old_head(), rewrite_->head());
        // Where it is not certain which packs the ref needs, all stay until the next look.
        if (!moved) return failed(moved.error());
        if (!*moved) {
            rewrite_->discard();
            return failed(
                {Error::Kind::busy, "move ref", live_prefix + epoch, "somebody else has moved it"});
        }
    }
    const auto file = note_file(epoch);
    const auto made = repository_.path() / "incoming" / "note";
    if (auto wrote = disk_->write_synced(made, format_epoch_note(rewrite_->note())); !wrote) {
        return failed(std::move(wrote.error()));
    }
    if (auto placed = disk_->rename(made, file); !placed) return failed(std::move(placed.error()));
    if (auto synced = disk_->sync_directory(file.parent_path()); !synced) {
        return failed(std::move(synced.error()));
    }
    ++kept_.rewritten;
    rewrite_.reset();
    return true;
}

}  // namespace stemma::store
