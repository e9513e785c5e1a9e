#include "repository.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <thread>
#include <unordered_map>

#include "commit_text.hpp"

namespace stemma::store {
namespace {

std::vector<std::string> lines_of(std::string_view message) {
    std::vector<std::string> lines;
    while (!message.empty()) {
        const auto line = message.substr(0, message.find('\n'));
        // The blank line that sets the subject apart is git's, not the writer's.
        if (lines.size() != 1 || !line.empty()) lines.emplace_back(line);
        message.remove_prefix(std::min(message.size(), line.size() + 1));
    }
    return lines;
}

// `git gc` beside us holds the lock of a ref for a moment when it packs refs, and as git does
// (core.filesRefLockTimeout) we try again for a while. A lock file tells nobody when it goes.
template <class Move>
int when_unlocked(Move move) {
    constexpr int attempts = 50;
    constexpr std::chrono::milliseconds pause{10};
    int code = move();
    for (int i = 1; i < attempts && code == GIT_ELOCKED; ++i) {
        std::this_thread::sleep_for(pause);
        code = move();
    }
    return code;
}

// What git itself would need to be told on a repository of ours.
int configure(git_repository* repository) {
    git_config* raw = nullptr;
    if (const int code = git_repository_config(&raw, repository); code != 0) return code;
    const git::Config config(raw);
    // A pack a batch is how we write; joining them is ours too, and `git gc` is run by a person.
    return git_config_set_int32(raw, "gc.auto", 0);
}

}  // namespace

std::expected<Repository, Error> Repository::open(const std::filesystem::path& path) {
    git::start();
    git_repository* raw = nullptr;
    const int code = git_repository_open_bare(&raw, path.c_str());
    if (code != 0) return std::unexpected(git::last_error(code, "open repository", path));
    return Repository(path, git::Repository(raw));
}

std::expected<Repository, Error> Repository::open_or_create(const std::filesystem::path& path) {
    git::start();
    std::error_code error;
    if (!std::filesystem::exists(path / "HEAD", error)) {
        git_repository_init_options options{};
        git_repository_init_options_init(&options, GIT_REPOSITORY_INIT_OPTIONS_VERSION);
        options.flags = GIT_REPOSITORY_INIT_BARE | GIT_REPOSITORY_INIT_MKPATH;
        options.mode = 0700;
        options.initial_head = "main";
        git_repository* raw = nullptr;
        int code = git_repository_init_ext(&raw, path.c_str(), &options);
        const git::Repository made(raw);
        if (code == 0) code = configure(raw);
        if (code != 0) return std::unexpected(git::last_error(code, "make repository", path));
    }
    // Secrets of guests pass through the store: nobody but the owner looks in.
    if (::chmod(path.c_str(), 0700) != 0) {
        return std::unexpected(Error{Error::Kind::disk, "close to others", path, "chmod failed"});
    }
    for (const auto& folder : {path / "incoming", path / "epochs", path / "objects" / "pack"}) {
        std::filesystem::create_directories(folder, error);
        if (error) {
            return std::unexpected(
                Error{Error::Kind::disk, "make directory", folder, error.message()});
        }
    }
    return open(path);
}

std::expected<std::optional<CommitId>, Error> Repository::ref(const std::string& name) {
    git_oid oid;
    const int code = git_reference_name_to_id(&oid, repository_.get(), name.c_str());
    if (code == GIT_ENOTFOUND) return std::optional<CommitId>();
    if (code != 0) return std::unexpected(git::last_error(code, "read ref", name));
    return std::optional(CommitId{git::id_of(oid)});
}

std::expected<std::vector<std::pair<std::string, CommitId>>, Error> Repository::refs(
    const std::string& prefix) {
    git_reference_iterator* raw = nullptr;
    int code = git_reference_iterator_glob_new(&raw, repository_.get(), (prefix + "*").c_str());
    if (code != 0) return std::unexpected(git::last_error(code, "list refs", prefix));
    const git::ReferenceIterator iterator(raw);
    std::vector<std::pair<std::string, CommitId>> refs;
    const char* name = nullptr;
    while ((code = git_reference_next_name(&name, raw)) == 0) {
        const auto id = ref(name);
        if (id && *id) refs.emplace_back(name, **id);  // one removed meanwhile is not there
    }
    if (code != GIT_ITEROVER) return std::unexpected(git::last_error(code, "list refs", prefix));
    std::ranges::sort(refs);
    return refs;
}

std::expected<bool, Error> Repository::remove_ref(const std::string& name, const CommitId& from) {
    const auto there = ref(name);
    if (!there) return std::unexpected(there.error());
    if (*there != from) return false;
    const int code =
        when_unlocked([&] { return git_reference_remove(repository_.get(), name.c_str()); });
    if (code == GIT_ENOTFOUND) return false;
    if (code != 0) return std::unexpected(git::last_error(code, "remove ref", name));
    return true;
}

bool Repository::has(const ObjectId& id) {
    git_odb* raw = nullptr;
    if (git_repository_odb(&raw, repository_.get()) != 0) return false;
    const git::ObjectDatabase objects(raw);
    const git_oid oid = git::oid_of(id);
    return git_odb_exists(raw, &oid) == 1;
}

std::expected<git::Commit, Error> Repository::lookup_commit(const CommitId& id) {
    git_commit* raw = nullptr;
    const git_oid oid = git::oid_of(id.bytes);
    const int code = git_commit_lookup(&raw, repository_.get(), &oid);
    if (code != 0) return std::unexpected(git::last_error(code, "read commit", id.hex()));
    return git::Commit(raw);
}

std::expected<Commit, Error> Repository::commit(const CommitId& id) {
    const auto found = lookup_commit(id);
    if (!found) return std::unexpected(found.error());
    git_commit* const raw = found->get();
    Commit commit;
    commit.id = id;
    for (unsigned i = 0; i < git_commit_parentcount(raw); ++i) {
        commit.parents.push_back({git::id_of(*git_commit_parent_id(raw, i))});
    }
    const git_signature* const author = git_commit_author(raw);
    commit.info.who = author->name;
    commit.info.when = Time(std::chrono::seconds(author->when.time));
    commit.info.why = lines_of(git_commit_message(raw));
    const auto own = generation(id, raw);
    if (!own) return std::unexpected(own.error());
    commit.generation = *own;
    return commit;
}

// From our header; for a commit that somebody made with git, from its parents, without recursion.
std::expected<std::uint64_t, Error> Repository::generation(const CommitId& id, git_commit* commit) {
    const auto header = [](git_commit* of) -> std::optional<std::uint64_t> {
        git_buf buffer = GIT_BUF_INIT;
        std::optional<std::uint64_t> number;
        if (git_commit_header_field(&buffer, of, generation_header) == 0) {
            std::uint64_t value = 0;
            const char* const end = buffer.ptr + buffer.size;
            if (std::from_chars(buffer.ptr, end, value).ptr == end) number = value;
        }
        git_buf_dispose(&buffer);
        return number;
    };
    if (const auto number = header(commit)) return *number;
    std::unordered_map<CommitId, std::uint64_t> known;
    std::vector<CommitId> waiting{id};
    while (!waiting.empty()) {
        const CommitId next = waiting.back();
        const auto found = lookup_commit(next);
        if (!found) return std::unexpected(found.error());
        auto number = header(found->get());
        bool complete = true;
        std::uint64_t above = 0;
        for (unsigned i = 0; !number && i < git_commit_parentcount(found->get()); ++i) {
            const CommitId parent{git::id_of(*git_commit_parent_id(found->get(), i))};
            const auto place = known.find(parent);
            if (place == known.end()) {
                waiting.push_back(parent);
                complete = false;
            } else {
                above = std::max(above, place->second);
            }
        }
        if (!complete) continue;
        known[next] = number.value_or(above + 1);
        waiting.pop_back();
    }
    return known[id];
}

std::expected<CommitId, Error> Repository::commit_by_prefix(const std::string& digits) {
    git_oid oid;
    git_object* raw = nullptr;
    int code = git_oid_fromstrn(&oid, digits.data(), digits.size());
    if (code == 0) {
        code = git_object_lookup_prefix(&raw, repository_.get(), &oid, digits.size(),
                                        GIT_OBJECT_COMMIT);
    }
    const git::Object object(raw);
    if (code != 0) {
        Error error = git::last_error(code, "find commit", digits);
        error.kind = Error::Kind::not_found;
        return std::unexpected(std::move(error));
    }
    return CommitId{git::id_of(*git_object_id(raw))};
}

std::expected<ObjectId, Error> Repository::tree_of(const CommitId& id) {
    const auto commit = lookup_commit(id);
    if (!commit) return std::unexpected(commit.error());
    return git::id_of(*git_commit_tree_id(commit->get()));
}

std::expected<std::vector<GitTreeEntry>, Error> Repository::tree(const ObjectId& id) {
    git_tree* raw = nullptr;
    const git_oid oid = git::oid_of(id);
    const int code = git_tree_lookup(&raw, repository_.get(), &oid);
    if (code != 0) return std::unexpected(git::last_error(code, "read tree", CommitId{id}.hex()));
    const git::Tree tree(raw);
    std::vector<GitTreeEntry> entries;
    for (std::size_t i = 0; i < git_tree_entrycount(raw); ++i) {
        const git_tree_entry* const entry = git_tree_entry_byindex(raw, i);
        const auto mode = git_tree_entry_filemode_raw(entry);
        if (mode != GIT_FILEMODE_TREE && (mode & 0170000) != 0100000) {
            return std::unexpected(Error{Error::Kind::corrupt, "read tree", CommitId{id}.hex(),
                                         "neither a file nor a directory in it"});
        }
        entries.push_back({git_tree_entry_name(entry), mode == GIT_FILEMODE_TREE,
                           git::id_of(*git_tree_entry_id(entry))});
    }
    return entries;
}

std::expected<std::string, Error> Repository::blob(const ObjectId& id) {
    git_blob* raw = nullptr;
    const git_oid oid = git::oid_of(id);
    const int code = git_blob_lookup(&raw, repository_.get(), &oid);
    if (code != 0) return std::unexpected(git::last_error(code, "read blob", CommitId{id}.hex()));
    const git::Blob blob(raw);
    return std::string(static_cast<const char*>(git_blob_rawcontent(raw)),
                       static_cast<std::size_t>(git_blob_rawsize(raw)));
}

std::expected<std::string, Error> Repository::raw(const ObjectId& id) {
    git_odb* raw_odb = nullptr;
    git_odb_object* raw = nullptr;
    const git_oid oid = git::oid_of(id);
    int code = git_repository_odb(&raw_odb, repository_.get());
    const git::ObjectDatabase odb(raw_odb);
    if (code == 0) code = git_odb_read(&raw, raw_odb, &oid);
    if (code != 0) return std::unexpected(git::last_error(code, "read object", CommitId{id}.hex()));
    const std::string bytes(static_cast<const char*>(git_odb_object_data(raw)),
                            git_odb_object_size(raw));
    git_odb_object_free(raw);
    return bytes;
}

}  // namespace stemma::store
