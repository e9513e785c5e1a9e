// The file name under which a node is stored in its parent's git tree.
//
// A XenStore name is stored as it is, and so is ".special". What is longer than 200 bytes (a
// 300-byte name breaks `git clone`: NAME_MAX is 255), or has bytes that a XenStore name cannot
// have, is stored as ".name-" and the SHA-1 of the name, with the name inside, in `.node`. The dot
// keeps these, and
// ".value" and ".node", apart from every XenStore name.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace stemma::store {

inline constexpr std::string_view value_entry = ".value";
inline constexpr std::string_view node_entry = ".node";
inline constexpr std::string_view hashed_prefix = ".name-";
inline constexpr std::string_view special_name = ".special";
inline constexpr std::size_t plain_name_max = 200;

bool is_plain_name(std::string_view name);      // stored as it is
std::string entry_name(std::string_view name);  // the name itself, or the hashed one

}  // namespace stemma::store
