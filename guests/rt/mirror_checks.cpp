#include "rt/mirror_checks.hpp"

#include <utility>

#include "xs_wire/path.hpp"

namespace stemma::rt {

MirrorChecks::MirrorChecks(Store& store, MirrorSource& source,
                           const UncommittedChanges& uncommitted, std::string_view directory)
    : store_(store), source_(source), uncommitted_(uncommitted), directory_(directory) {}

bool MirrorChecks::idle() const {
    return watching_ && initial_event_seen_ && queue_.empty() && sweeps_.empty() && walk_.empty() &&
           !listing_ && !lost_;
}

void MirrorChecks::run() {
    if (!watching_) watch();
    if (lost_ && queue_.empty()) {
        lost_ = false;
        sweep("");
        walk_.emplace_back();
    }
    run_sweeps();
    run_walk();
    run_reads();
}

void MirrorChecks::watch() {
    watching_ = store_
                    .watch(
                        directory_, [this](std::string_view path) { event(path); },
                        [this](StoreResult result) {
                            if (!result) watching_ = false;
                        })
                    .has_value();
}

void MirrorChecks::event(std::string_view path) {
    if (!xs::is_same_or_below(path, directory_)) return;
    if (path == directory_) {
        // the server tells each new watch of its own path once, which is nobody's change
        if (!std::exchange(initial_event_seen_, true)) return;
        return sweep("");
    }
    path.remove_prefix(directory_.size() + 1);
    if (source_.held(path, held_) == MirrorSource::Held::not_an_entry) return sweep(path);
    check(path);
}

void MirrorChecks::check(std::string_view path) {
    if (queue_.size() == queue_max) {
        ++events_lost_;
        lost_ = true;
        return;
    }
    queue_.emplace_back(path);
}

void MirrorChecks::sweep(std::string_view directory) {
    if (sweeps_.size() == sweeps_max) {
        sweeps_.clear();
        directory = "";
    }
    sweeps_.push_back({std::string(directory), 0});
}

void MirrorChecks::run_sweeps() {
    std::string path;
    while (!sweeps_.empty() && queue_.size() < queue_max / 2) {
        auto& sweep = sweeps_.front();
        if (source_.next_below(sweep.directory, sweep.cursor, path)) {
            queue_.push_back(path);
        } else {
            sweeps_.pop_front();
        }
    }
}

// Entries that the source does not know, found after events were lost.
void MirrorChecks::run_walk() {
    if (listing_ || walk_.empty() || queue_.size() >= queue_max / 2) return;
    const std::string directory = walk_.back();
    listing_ = store_.directory(full_path(directory), [this, directory](StoreResult result) {
        listing_ = false;
        listed(directory, result);
    });
    if (listing_) walk_.pop_back();
}

void MirrorChecks::listed(std::string_view directory, StoreResult result) {
    if (!result) return;  // gone meanwhile, or over 4,096 bytes, which no source's layout makes
    auto names = *result;
    while (const auto name = next_name(names)) {
        const std::string path =
            directory.empty() ? std::string(*name) : xs::join(directory, *name);
        if (source_.held(path, held_) != MirrorSource::Held::not_an_entry) {
            check(path);
        } else if (walk_.size() < walk_max) {
            walk_.push_back(path);
        }
    }
}

void MirrorChecks::run_reads() {
    while (reads_ < reads_max && reads_ < queue_.size()) {
        const auto& path = queue_[reads_];
        // its commit is answered soon, and only then is it clear what the source should find there
        if (uncommitted_.is_uncommitted(path)) return;
        if (!store_.read(full_path(path), [this](StoreResult result) { answered(result); })) return;
        ++reads_;
    }
}

void MirrorChecks::answered(StoreResult result) {
    const std::string path = std::move(queue_.front());
    queue_.pop_front();
    --reads_;
    if (!result && !result.error().is(xs::Error::enoent)) return;
    if (uncommitted_.is_uncommitted(path)) {
        // taken since the READ went out: what the store holds now is about to change
        return check(path);
    }
    const auto held = source_.held(path, held_);
    const bool as_held = result ? held == MirrorSource::Held::present && held_ == *result
                                : held != MirrorSource::Held::present;
    if (as_held || held == MirrorSource::Held::not_an_entry) return;
    ++foreign_;
    source_.foreign(path, result ? std::optional(*result) : std::nullopt);
}

std::string MirrorChecks::full_path(std::string_view path) const {
    return path.empty() ? directory_ : xs::join(directory_, path);
}

}  // namespace stemma::rt
