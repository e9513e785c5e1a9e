#pragma once

#include <cstddef>
#include <expected>
#include <string>

namespace stemma::toolstack {

// The bytes of a regular file of at most `limit` bytes, or the cause in words why not.
std::expected<std::string, std::string> read_file_text(const std::string& path, std::size_t limit);

}  // namespace stemma::toolstack
