// Files and directories that must be on disk before anything else happens.
#pragma once

#include <expected>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "store/error.hpp"

namespace stemma::store {

// Makes the file (replacing one), writes all of it and syncs it; removes it again on failure.
std::expected<void, Error> write_synced(const std::filesystem::path& file, std::string_view bytes);

std::expected<void, Error> rename_file(const std::filesystem::path& from,
                                       const std::filesystem::path& to);

// After this the names in the directory are on disk.
std::expected<void, Error> sync_directory(const std::filesystem::path& directory);

// The files of a directory, sorted; those that could be listed, so none if there is no such.
std::vector<std::filesystem::path> files_in(const std::filesystem::path& directory);

std::expected<std::string, Error> read_file(const std::filesystem::path& file);

}  // namespace stemma::store
