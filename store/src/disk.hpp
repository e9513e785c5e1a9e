// What the store does to files: everything that can fail, or be cut short by a crash, goes through
// here, so that a test can let it. Reading is in file_read.hpp; refs are read, and removed, by
// libgit2.
#pragma once

#include <expected>
#include <filesystem>
#include <string_view>

#include "store/error.hpp"

namespace stemma::store {

class Disk {
  public:
    virtual ~Disk() = default;
    // Makes the file (replacing one), writes all of it and syncs it; removes it again on failure.
    virtual std::expected<void, Error> write_synced(const std::filesystem::path& file,
                                                    std::string_view bytes) = 0;
    // A second name for a file, if nobody has it: false if somebody does.
    virtual std::expected<bool, Error> link(const std::filesystem::path& file,
                                            const std::filesystem::path& name) = 0;
    // A mark without content; it is on disk when its directory is.
    virtual std::expected<void, Error> make_empty(const std::filesystem::path& file) = 0;
    virtual std::expected<void, Error> rename(const std::filesystem::path& from,
                                              const std::filesystem::path& to) = 0;
    // After this the names in the directory are on disk.
    virtual std::expected<void, Error> sync_directory(const std::filesystem::path& directory) = 0;
    // As far as it works: what stays is found again at the next start.
    virtual void remove(const std::filesystem::path& file) = 0;
};

// The operating system's.
Disk& real_disk();

}  // namespace stemma::store
