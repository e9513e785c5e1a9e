// Files and directories as they are.
#pragma once

#include <expected>
#include <filesystem>
#include <string>
#include <vector>

#include "store/error.hpp"

namespace stemma::store {

// The files of a directory, sorted; those that could be listed, so none if there is no such.
std::vector<std::filesystem::path> files_in(const std::filesystem::path& directory);

std::expected<std::string, Error> read_file(const std::filesystem::path& file);

}  // namespace stemma::store
