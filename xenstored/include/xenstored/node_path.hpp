#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "xs_wire/path.hpp"

// Paths as the daemon takes them from a client.
namespace stemma::xenstored {

// Longest part of a path after "/local/domain/N/" that C accepts (XENSTORE_REL_PATH_MAX); the
// part before it does not count, so that a path stays valid when a migration changes the domid
// (XSA-323).
inline constexpr std::size_t default_path_max = xs::relative_path_max;

// True for the absolute path of an ordinary node. `path_max` 0: of any length.
bool is_valid_node_path(std::string_view path, std::size_t path_max);

// A path of a client: left alone when it starts with '/' or '@', else put under the client's
// home. `scratch` holds the joined text; the result refers to `path` or to `scratch`.
std::string_view canonical(std::string_view path, xs::DomainId home, std::string& scratch);

// True for the name of a special node, "@...", on which C checks nothing but the length.
constexpr bool is_special(std::string_view path) {
    return path.starts_with('@');
}

}  // namespace stemma::xenstored
