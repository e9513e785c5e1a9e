// The two escapes of the on-disk form, so that whatever a guest chose is printable ASCII in git.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace stemma::store {

// For commit messages and authors: a byte outside printable ASCII becomes \xhh and a backslash \\;
// what is longer than `limit` bytes then is cut and ends in "...".
std::string escape_line(std::string_view text, std::size_t limit = 400);

// For names in `.node`: a byte outside [A-Za-z0-9-_@.] becomes %hh. Never has a space in it.
std::string escape_name(std::string_view name);
std::optional<std::string> unescape_name(std::string_view text);  // absent if malformed

}  // namespace stemma::store
