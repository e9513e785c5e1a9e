// The refs of a repository (design: refs), and which names people may give to them.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

namespace stemma::store {

inline constexpr const char* main_ref = "refs/heads/main";
inline constexpr const char* config_ref = "refs/heads/config";
inline constexpr const char* live_prefix = "refs/live/";
inline constexpr const char* snapshot_prefix = "refs/snapshots/";
inline constexpr const char* guest_prefix = "refs/guests/";

// 1 to 200 bytes of [A-Za-z0-9_-], as xs::encode_element gives: any such is a legal ref and file.
inline bool is_ref_element(std::string_view name) {
    return !name.empty() && name.size() <= 200 && std::ranges::all_of(name, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '-' || c == '_';
    });
}

}  // namespace stemma::store
