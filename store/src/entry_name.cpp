#include "entry_name.hpp"

#include <algorithm>

#include "sha1.hpp"

namespace stemma::store {

bool is_plain_name(std::string_view name) {
    if (name == special_name) return true;
    return !name.empty() && name.size() <= plain_name_max && std::ranges::all_of(name, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '-' || c == '_' || c == '@';
    });
}

std::string entry_name(std::string_view name) {
    if (is_plain_name(name)) return std::string(name);
    return std::string(hashed_prefix) + to_hex(sha1(name));
}

}  // namespace stemma::store
