#include "publication.hpp"

#include <array>
#include <atomic>
#include <cstdio>

#include "commit_text.hpp"
#include "pack_consolidation.hpp"
#include "ref_file.hpp"
#include "ref_name.hpp"
#include "tree_loader.hpp"

namespace stemma::store {
namespace {

// Under which this process's publishers mark nodes; 0 is nobody.
std::uint32_t next_publisher() {
    static std::atomic<std::uint32_t> last{0};
    return ++last;
}

}  // namespace

Publication::Publication(RepositoryLock lock, Repository repository, std::size_t pack_bound,
                         const Retention& retention, Disk& disk)
    : lock_(std::move(lock)),
      repository_(std::move(repository)),
      writer_(next_publisher()),
      pack_bound_(pack_bound),
      retention_(retention),
      disk_(&disk) {
    state_.main.ref = main_ref;
    state_.config.ref = config_ref;
}

std::expected<Publication, Error> Publication::open(const std::filesystem::path& path,
                                                    std::size_t pack_bound,
                                                    const Retention& retention, Disk& disk) {
    auto repository = Repository::open_or_create(path);
    if (!repository) return std::unexpected(std::move(repository.error()));
    auto lock = RepositoryLock::take(path);
    if (!lock) return std::unexpected(std::move(lock.error()));
    clear_leftovers(disk, path);
    Publication publication(std::move(*lock), std::move(*repository), pack_bound, retention, disk);
    if (auto read = publication.read_heads(); !read)
        return std::unexpected(std::move(read.error()));
    return publication;
}

// Where the refs are now: at the start, and after a batch that failed half way through moving them.
std::expected<void, Error> Publication::read_heads() {
    for (Head* head : {&state_.live, &state_.main, &state_.config}) {
        if (head->ref.empty()) continue;  // no epoch yet
        const auto id = repository_.ref(head->ref);
        if (!id) return std::unexpected(id.error());
        head->published = head->next = *id;
        head->tree.reset();
        head->generation = 0;
        if (!*id) continue;
        const auto tree = repository_.tree_of(**id);
        const auto commit = repository_.commit(**id);
        if (!tree) return std::unexpected(tree.error());
        if (!commit) return std::unexpected(commit.error());
        head->tree = *tree;
        head->generation = commit->generation;
    }
    return {};
}

// refs/live/20251121T202211Z, with "-2" and so on after it where that epoch was there before.
std::expected<void, Error> Publication::begin_epoch(PackWriter& pack, Time when) {
    Head& live = state_.live;
    if (live.next && live.next != live.published) {
        state_.ended_epochs.push_back({live.ref, live.published, *live.next});
    }
    const auto second = std::chrono::floor<std::chrono::seconds>(when);
    const auto day = std::chrono::floor<std::chrono::days>(second);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss time(second - day);
    std::array<char, 64> text{};
    std::snprintf(text.data(), text.size(), "%04d%02u%02uT%06dZ", static_cast<int>(date.year()),
                  static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                  static_cast<int>(time.hours().count() * 10000 + time.minutes().count() * 100 +
                                   time.seconds().count()));
    const std::string name = std::string(live_prefix) + text.data();
    live = Head{};
    live.ref = name;
    for (int n = 2; repository_.ref(live.ref).value_or(std::nullopt); ++n) {
        live.ref = name + "-" + std::to_string(n);
    }
    state_.epoch_began = when;
    epoch_bytes_ = 0;
    // What this epoch refers to is in its own packs, so that others can go before it.
    known_.clear();
    writer_.forget();
    writer_.begin_round();
    return pack.begin_group(group());
}

// Of packs: the epoch's own, before the first one what others keep.
std::string Publication::group() const {
    if (state_.live.ref.empty()) return std::string(kept_group);
    return state_.live.ref.substr(std::string_view(live_prefix).size());
}

std::expected<CommitId, Error> Publication::grow(PackWriter& pack, Head& head, const ObjectId& tree,
                                                 const Info& info) {
    std::vector<CommitId> parents;
    if (head.next) parents.push_back(*head.next);
    const auto id =
        pack.put(ObjectKind::commit, commit_text(tree, parents, info, head.generation + 1));
    if (!id) return std::unexpected(id.error());
    head.next = CommitId{*id};
    head.tree = tree;
    ++head.generation;
    return *head.next;
}

std::expected<CommitId, Error> Publication::commit(PackWriter& pack, const PublishJob& job) {
    Head& live = state_.live;
    if (live.ref.empty() || job.info.when >= state_.epoch_began + epoch_length(retention_) ||
        epoch_bytes_ > retention_.budget / 4) {
        if (auto done = begin_epoch(pack, job.info.when); !done) {
            return std::unexpected(std::move(done.error()));
        }
    }
    const auto tree =
        writer_.write_root(pack, job.tree.root(), ObjectWriter::Place::whole_tree, true);
    if (!tree) return std::unexpected(tree.error());
    if (live.tree != *tree) {  // else nothing changed: no commit
        if (const auto id = grow(pack, live, *tree, job.info); !id) return id;
    }
    state_.main.next = live.next;
    note_deaths(job.tree, job.info.when);
    if (auto done = commit_config(pack, job); !done)
        return std::unexpected(std::move(done.error()));
    return *live.next;
}

std::expected<void, Error> Publication::commit_config(PackWriter& pack, const PublishJob& job) {
    const Node& root = job.tree.root();
    const Node* const node = root.child("stemma");
    if (node == state_.config_node.get() && root.permissions().same_text(state_.root_permissions)) {
        return {};
    }
    // A tree without /stemma says nothing until one with it was seen: the configuration of the last
    // run may simply not have been loaded.
    if (node == nullptr && !state_.config_node) return {};
    const auto tree = writer_.write_root_with(pack, root, node, true);
    if (!tree) return std::unexpected(tree.error());
    state_.config_node = Ref<const Node>::share(node);
    state_.root_permissions = root.permissions();
    if (state_.config.tree == *tree) return {};
    const auto id = grow(pack, state_.config, *tree, job.info);
    if (!id) return std::unexpected(id.error());
    return {};
}

// A snapshot or a guest's state: a commit without parents, so that it holds on to no epoch.
std::expected<CommitId, Error> Publication::single(PackWriter& pack, const PublishJob& job,
                                                   std::vector<Move>& moves) {
    const bool is_guest = job.kind == PublishJob::Kind::guest;
    const std::string ref = (is_guest ? guest_prefix : snapshot_prefix) + job.name;
    const Node& root = is_guest ? *job.subtree : job.tree.root();
    // Not remembered: a ref that moves away leaves these objects to `git gc`.
    const auto tree = writer_.write_root(
        pack, root, is_guest ? ObjectWriter::Place::network_state : ObjectWriter::Place::whole_tree,
        false);
    if (!tree) return std::unexpected(tree.error());
    const auto there = repository_.ref(ref);
    if (!there) return std::unexpected(there.error());
    if (is_guest && *there) {
        const auto last = repository_.tree_of(**there);
        if (last && *last == *tree) return **there;
    }
    const auto id = pack.put(ObjectKind::commit, commit_text(*tree, {}, job.info, 1));
    if (!id) return std::unexpected(id.error());
    moves.push_back({ref, *there, CommitId{*id}});
    return CommitId{*id};
}

std::expected<CommitId, Error> Publication::run(PackWriter& pack, const PublishJob& job,
                                                std::vector<Move>& moves) {
    const auto refused = [&](const char* tried, std::string why) {
        return std::unexpected(Error{Error::Kind::refused, tried, job.name, std::move(why)});
    };
    switch (job.kind) {
        case PublishJob::Kind::commit:
            return commit(pack, job);
        case PublishJob::Kind::publish_all:
            if (state_.main.next) return *state_.main.next;
            return refused("publish", "nothing was ever submitted");
        case PublishJob::Kind::guest:
            if (!job.subtree) return refused("save guest", "it has no subtree to save");
            [[fallthrough]];
        case PublishJob::Kind::snapshot:
            break;
    }
    if (is_ref_element(job.name)) return single(pack, job, moves);
    return refused("make ref", "a name has 1 to 200 bytes of [A-Za-z0-9_-]");
}

std::expected<void, Error> Publication::write(PackWriter& pack, std::span<const PublishJob> jobs,
                                              Batch& batch) {
    std::vector<Move> moves;
    for (const PublishJob& job : jobs) {
        pack.set_lasting(job.kind == PublishJob::Kind::commit);
        auto result = run(pack, job, moves);
        if (!result && result.error().kind != Error::Kind::refused) {
            return std::unexpected(std::move(result.error()));
        }
        if (job.kind == PublishJob::Kind::commit) ++batch.commits;
        batch.results.push_back(std::move(result));
    }
    if (auto done = pack.finish(); !done) return done;
    std::vector<Move> all = state_.ended_epochs;
    for (const Head* head : {&state_.live, &state_.main, &state_.config}) {
        if (head->next && head->next != head->published) {
            all.push_back({head->ref, head->published, *head->next});
        }
    }
    all.insert(all.end(), moves.begin(), moves.end());
    for (std::size_t i = 0; i < all.size(); ++i) {
        // Two saves of one guest in a batch: the second starts from where the first has put the
        // ref.
        auto from = all[i].from;
        for (std::size_t j = 0; j < i; ++j) {
            if (all[j].ref == all[i].ref) from = all[j].to;
        }
        batch.moving = true;
        const auto moved = move_ref_file(*disk_, repository_, all[i].ref, from, all[i].to);
        if (!moved) return std::unexpected(moved.error());
        if (!*moved) {
            return std::unexpected(
                Error{Error::Kind::busy, "move ref", all[i].ref, "somebody else has moved it"});
        }
    }
    for (Head* head : {&state_.live, &state_.main, &state_.config})
        head->published = head->next;
    state_.ended_epochs.clear();
    return {};
}

void Publication::remember(const PackWriter& pack) {
    for (const CommitId& id : pack.lasting_put()) {
        if (known_.size() >= known_bound) known_.clear();
        known_.insert(id);
    }
}

std::expected<Publication::Batch, Error> Publication::publish(std::span<const PublishJob> jobs) {
    Batch batch;
    PackWriter pack(*disk_, repository_.path(), group(), &known_);
    const State before = state_;
    auto done = write(pack, jobs, batch);
    if (done) {
        writer_.keep();
        remember(pack);
        if (packs_since_look_) ++*packs_since_look_;
        batch.objects = pack.objects();
        batch.bytes = pack.bytes();
        epoch_bytes_ += batch.bytes;
        return batch;
    }
    writer_.forget();
    known_.clear();
    state_ = before;
    // If a ref has moved before the failure, or may have, its objects must stay, and the next batch
    // starts from where the refs are. Otherwise nothing names what was written.
    if (batch.moving) {
        if (auto read = read_heads(); !read) return std::unexpected(std::move(read.error()));
    } else {
        pack.discard();
    }
    return std::unexpected(std::move(done.error()));
}

std::expected<bool, Error> Publication::consolidate() {
    if (packs_since_look_ && *packs_since_look_ < pack_bound_ / 8) return false;
    packs_since_look_ = 0;
    auto joined = consolidate_packs(*disk_, repository_.path(), group(), {.packs = pack_bound_});
    if (!joined || !*joined) return joined;
    if (auto done = reopen(); !done) return std::unexpected(std::move(done.error()));
    return true;
}

// libgit2 holds on to every pack it has seen.
std::expected<void, Error> Publication::reopen() {
    auto fresh = Repository::open(repository_.path());
    if (!fresh) return std::unexpected(std::move(fresh.error()));
    repository_ = std::move(*fresh);
    return {};
}

std::expected<Tree, Error> Publication::load_config() {
    const auto head = repository_.ref(config_ref);
    if (!head) return std::unexpected(head.error());
    if (!*head) return Tree();
    const auto commit = repository_.commit(**head);
    if (!commit) return std::unexpected(commit.error());
    const auto tree = repository_.tree_of(**head);
    if (!tree) return std::unexpected(tree.error());
    auto root = load_root(repository_, *tree, Stamp{commit->info.when, 0, Operation::load});
    if (!root) return std::unexpected(std::move(root.error()));
    return Tree(std::move(*root));
}

}  // namespace stemma::store
