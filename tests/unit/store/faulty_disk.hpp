// A disk that fails or dies at a chosen step, and then forgets what was not synced, as LevelDB's
// fault_injection_test does it: each directory loses some of its last names.
#pragma once

#include <fstream>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "disk.hpp"
#include "file_read.hpp"
#include "tree_maker.hpp"

namespace stemma::store::test {

class FaultyDisk final : public Disk {
  public:
    enum class Fault : std::uint8_t {
        dies_before,  // the process ends before the step
        dies_within,  // a write leaves half of its bytes; anything else is done, or not
        dies_after,
        no_space,  // the step fails, with half of the bytes written and then removed, as do the
                   // next
        fails,     // fsync or another call fails once, and what it did stays or not
    };

    FaultyDisk(Fault fault, std::size_t step, unsigned seed)
        : fault_(fault), step_(step), random_(seed) {}

    std::size_t steps() const { return count_; }
    bool dead() const { return dead_; }
    void free_space() { full_ = false; }

    std::expected<void, Error> write_synced(const std::filesystem::path& file,
                                            std::string_view bytes) override {
        return act(file, [&](Part part) -> std::expected<void, Error> {
            if (part == Part::half) bytes = bytes.substr(0, bytes.size() / 2);
            note_made(file);
            return real_disk().write_synced(file, bytes);
        });
    }
    std::expected<bool, Error> link(const std::filesystem::path& file,
                                    const std::filesystem::path& name) override {
        bool made = true;
        const auto done = act(name, [&](Part) -> std::expected<void, Error> {
            if (failing_) return {};  // a lock that nobody knows of would stay until a restart
            auto result = real_disk().link(file, name);
            if (!result) return std::unexpected(result.error());
            made = *result;
            if (made) names_[name.parent_path()].push_back({name, "", std::nullopt});
            return {};
        });
        if (!done) return std::unexpected(done.error());
        return made;
    }
    std::expected<void, Error> make_empty(const std::filesystem::path& file) override {
        return act(file, [&](Part) {
            note_made(file);
            return real_disk().make_empty(file);
        });
    }
    std::expected<void, Error> rename(const std::filesystem::path& from,
                                      const std::filesystem::path& to) override {
        return act(to, [&](Part) {
            names_[to.parent_path()].push_back({to, from, content(to)});
            return real_disk().rename(from, to);
        });
    }
    std::expected<void, Error> sync_directory(const std::filesystem::path& directory) override {
        return act(directory, [&](Part) {
            names_.erase(directory);
            return real_disk().sync_directory(directory);
        });
    }
    void remove(const std::filesystem::path& file) override {
        static_cast<void>(act(file, [&](Part) -> std::expected<void, Error> {
            if (auto was = content(file)) {
                names_[file.parent_path()].push_back({file, "", std::move(was)});
            }
            real_disk().remove(file);
            return {};
        }));
    }

    // The power goes: of each directory not synced since, some of the last changes of names.
    void lose_unsynced() {
        for (auto& [directory, changes] : names_) {
            for (std::size_t lost = below(random_, changes.size() + 1); lost > 0; --lost) {
                const Name change = std::move(changes.back());
                changes.pop_back();
                std::error_code ignored;
                if (!change.from.empty()) {
                    std::filesystem::rename(change.name, change.from, ignored);
                } else {
                    std::filesystem::remove(change.name, ignored);
                }
                if (change.was) std::ofstream(change.name) << *change.was;
            }
        }
    }

  private:
    enum class Part : std::uint8_t { whole, half };
    struct Name {
        std::filesystem::path name;
        std::filesystem::path from;      // of a rename
        std::optional<std::string> was;  // what had the name before
    };

    static std::optional<std::string> content(const std::filesystem::path& file) {
        auto bytes = read_file(file);
        return bytes ? std::optional(std::move(*bytes)) : std::nullopt;
    }
    void note_made(const std::filesystem::path& file) {
        names_[file.parent_path()].push_back({file, "", content(file)});
    }

    template <class Do>
    std::expected<void, Error> act(const std::filesystem::path& on, Do step) {
        const auto error = [&](const char* why) {
            return std::unexpected(Error{Error::Kind::disk, "write", on.string(), why});
        };
        if (dead_) return error("the process is dead");
        if (full_) return error("No space left on device");
        if (count_++ != step_) return step(Part::whole);
        const bool done = below(random_, 2) == 0;
        switch (fault_) {
            case Fault::dies_before:
                dead_ = true;
                break;
            case Fault::dies_within:
                if (done) static_cast<void>(step(Part::half));
                dead_ = true;
                break;
            case Fault::dies_after:
                static_cast<void>(step(Part::whole));
                dead_ = true;
                break;
            case Fault::no_space:
                full_ = true;
                return error("No space left on device");
            case Fault::fails:
                failing_ = true;
                if (done) static_cast<void>(step(Part::whole));
                failing_ = false;
                return error("Input/output error");
        }
        return error("the process is dead");
    }

    const Fault fault_;
    const std::size_t step_;
    Random random_;
    std::size_t count_ = 0;
    bool dead_ = false;
    bool full_ = false;
    bool failing_ = false;
    std::map<std::filesystem::path, std::vector<Name>> names_;  // not synced, by directory
};

}  // namespace stemma::store::test
