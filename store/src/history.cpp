#include "store/history.hpp"

#include <ctime>

#include "ref_name.hpp"
#include "repository.hpp"
#include "stored_diff.hpp"
#include "tree_loader.hpp"

namespace stemma::store {
namespace {

using Place = std::expected<std::optional<StoredPlace>, Error>;

Place place_in(Repository& repository, const CommitId& commit, std::string_view path) {
    const auto tree = repository.tree_of(commit);
    if (!tree) return std::unexpected(tree.error());
    return find_stored(repository, *tree, path);
}

// The same node, with the same permissions and all below it.
bool same(const std::optional<StoredPlace>& one, const std::optional<StoredPlace>& two) {
    if (!one || !two) return !one && !two;
    return one->id == two->id && one->is_tree == two->is_tree && one->inherited == two->inherited;
}

// "2025-11-21T20:22:11".
std::optional<Time> instant(std::string_view text) {
    std::tm parts{};
    const std::string line(text);
    const char* const end = ::strptime(line.c_str(), "%Y-%m-%dT%H:%M:%S", &parts);
    if (end == nullptr || *end != '\0') return std::nullopt;
    return Time(std::chrono::seconds(::timegm(&parts)));
}

bool is_hex(std::string_view text) {
    return text.size() >= 4 && text.size() <= 40 &&
           text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

}  // namespace

History::History(std::unique_ptr<Repository> repository) : repository_(std::move(repository)) {}
History::History(History&&) noexcept = default;
History& History::operator=(History&&) noexcept = default;
History::~History() = default;

std::expected<History, Error> History::open(const std::filesystem::path& path) {
    auto repository = Repository::open(path);
    if (!repository) return std::unexpected(std::move(repository.error()));
    return History(std::make_unique<Repository>(std::move(*repository)));
}

std::expected<CommitId, Error> History::resolve(std::string_view revision) {
    if (revision.starts_with('@')) return at_instant(revision.substr(1));
    const std::string name(revision);
    std::vector<std::string> refs;
    if (is_ref_element(name)) refs = {snapshot_prefix + name, "refs/heads/" + name};
    if (name.starts_with("refs/")) refs = {name};
    for (const std::string& ref : refs) {
        const auto id = repository_->ref(ref);
        if (!id) return std::unexpected(id.error());
        if (*id) return **id;
    }
    if (is_hex(name)) return repository_->commit_by_prefix(name);
    return std::unexpected(
        Error{Error::Kind::not_found, "find revision", name,
              "neither a snapshot, \"main\", \"config\", a ref, a commit id nor an instant"});
}

std::expected<CommitId, Error> History::at_instant(std::string_view text) {
    const auto when = instant(text);
    if (!when) {
        return std::unexpected(Error{Error::Kind::refused, "read instant", std::string(text),
                                     "an instant is like 2025-11-21T20:22:11, UTC"});
    }
    // From the newest on: an epoch begins after all before it.
    std::optional<CommitId> at;
    if (auto main = repository_->ref(main_ref)) at = *main;
    std::optional<CommitId> head = at;
    while (at) {
        const auto commit = repository_->commit(*at);
        if (!commit) return std::unexpected(commit.error());
        if (commit->info.when <= *when) return *at;
        if (!commit->parents.empty()) {
            at = commit->parents.front();
            continue;
        }
        const auto before = epoch_before(*head);
        if (!before) return std::unexpected(before.error());
        at = head = *before;
    }
    return std::unexpected(Error{Error::Kind::not_found, "find instant", std::string(text),
                                 "the history that is kept begins later"});
}

std::expected<std::optional<CommitId>, Error> History::epoch_before(const CommitId& head) {
    const auto epochs = repository_->refs(live_prefix);
    if (!epochs) return std::unexpected(epochs.error());
    for (std::size_t i = 1; i < epochs->size(); ++i) {
        if ((*epochs)[i].second == head) return std::optional((*epochs)[i - 1].second);
    }
    return std::nullopt;
}

std::expected<Commit, Error> History::commit(const CommitId& id) {
    return repository_->commit(id);
}

std::expected<std::vector<Snapshot>, Error> History::named(const std::string& prefix) {
    const auto refs = repository_->refs(prefix);
    if (!refs) return std::unexpected(refs.error());
    std::vector<Snapshot> snapshots;
    for (const auto& [name, id] : *refs) {
        auto commit = repository_->commit(id);
        if (!commit) return std::unexpected(std::move(commit.error()));
        snapshots.push_back({name.substr(prefix.size()), std::move(*commit)});
    }
    return snapshots;
}

std::expected<std::vector<Snapshot>, Error> History::snapshots() {
    return named(snapshot_prefix);
}

std::expected<std::vector<Snapshot>, Error> History::guests() {
    return named(guest_prefix);
}

std::expected<std::vector<Commit>, Error> History::log(std::string_view revision,
                                                       std::string_view path, std::size_t limit) {
    const auto head = resolve(revision);
    if (!head) return std::unexpected(head.error());
    std::vector<Commit> log;
    std::optional<CommitId> next = *head;
    CommitId epoch = *head;
    Place here = place_in(*repository_, *next, path);
    while (next && log.size() < limit) {
        if (!here) return std::unexpected(here.error());
        auto commit = repository_->commit(*next);
        if (!commit) return std::unexpected(std::move(commit.error()));
        next = commit->parents.empty() ? std::nullopt : std::optional(commit->parents.front());
        if (!next) {
            const auto last = epoch_before(epoch);
            if (!last) return std::unexpected(last.error());
            next = *last;
            if (next) epoch = *next;
        }
        Place before = next ? place_in(*repository_, *next, path) : Place(std::nullopt);
        if (!before) return std::unexpected(before.error());
        if (!same(*before, *here)) log.push_back(std::move(*commit));
        here = std::move(before);
    }
    return log;
}

std::expected<std::vector<PathChange>, Error> History::diff(std::string_view from,
                                                            std::string_view to,
                                                            std::string_view path) {
    std::optional<StoredPlace> places[2];
    const std::string_view revisions[2] = {from, to};
    for (int i = 0; i < 2; ++i) {
        const auto id = resolve(revisions[i]);
        if (!id) return std::unexpected(id.error());
        auto place = place_in(*repository_, *id, path);
        if (!place) return std::unexpected(std::move(place.error()));
        places[i] = std::move(*place);
    }
    if (same(places[0], places[1])) return std::vector<PathChange>();
    return stored_diff(*repository_, std::string(path), places[0], places[1]);
}

std::expected<Tree, Error> History::read(std::string_view revision, std::string_view path) {
    const auto id = resolve(revision);
    if (!id) return std::unexpected(id.error());
    const auto place = place_in(*repository_, *id, path);
    if (!place) return std::unexpected(place.error());
    if (!*place) {
        return std::unexpected(Error{Error::Kind::not_found, "read", std::string(path),
                                     "no such node in " + std::string(revision)});
    }
    const auto commit = repository_->commit(*id);
    if (!commit) return std::unexpected(commit.error());
    auto root = load_subtree(*repository_, **place, {commit->info.when, 0, Operation::load});
    if (!root) return std::unexpected(std::move(root.error()));
    return Tree(std::move(*root));
}

}  // namespace stemma::store
