#include "ref_file.hpp"

#include <chrono>
#include <system_error>
#include <thread>

namespace stemma::store {
namespace {

namespace fs = std::filesystem;

// `git gc` beside us holds the lock of a ref for a moment when it packs refs, and takes directories
// away that are empty then. As git does (core.filesRefLockTimeout) we try again for a while: a lock
// file tells nobody when it goes.
std::expected<void, Error> take_lock(Disk& disk, const fs::path& made, const fs::path& lock) {
    constexpr int attempts = 50;
    constexpr std::chrono::milliseconds pause{10};
    for (int i = 0; i < attempts; ++i) {
        std::error_code error;
        fs::create_directories(lock.parent_path(), error);
        const auto linked = disk.link(made, lock);
        if (linked && *linked) return {};
        if (!linked && linked.error().kind != Error::Kind::not_found) {
            return std::unexpected(linked.error());
        }
        std::this_thread::sleep_for(pause);
    }
    return std::unexpected(
        Error{Error::Kind::disk, "lock ref", lock.string(), "somebody else has it locked"});
}

}  // namespace

std::expected<bool, Error> move_ref_file(Disk& disk, Repository& repository,
                                         const std::string& name,
                                         const std::optional<CommitId>& from, const CommitId& to) {
    const fs::path file = repository.path() / name;
    const fs::path lock = file.string() + ".lock";
    // The lock is a link to a file that is whole: half a lock after a crash would be nobody's.
    const fs::path made = repository.path() / "incoming" / "ref";
    if (auto done = disk.write_synced(made, to.hex() + "\n"); !done) {
        return std::unexpected(std::move(done.error()));
    }
    const auto locked = take_lock(disk, made, lock);
    disk.remove(made);
    if (!locked) return std::unexpected(locked.error());
    const auto there = repository.ref(name);
    if (!there || *there != from) {
        disk.remove(lock);
        if (!there) return std::unexpected(there.error());
        return false;
    }
    if (auto done = disk.rename(lock, file); !done) {
        disk.remove(lock);
        return std::unexpected(std::move(done.error()));
    }
    if (auto done = disk.sync_directory(file.parent_path()); !done) {
        return std::unexpected(std::move(done.error()));
    }
    return true;
}

}  // namespace stemma::store
