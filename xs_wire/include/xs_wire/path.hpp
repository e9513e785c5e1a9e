#pragma once

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace stemma::xs {

using DomainId = std::uint16_t;

inline constexpr DomainId domid_first_reserved = 0x7FF0;  // DOMID_FIRST_RESERVED of xen.h
inline constexpr DomainId domid_self = 0x7FF0;            // DOMID_SELF
inline constexpr DomainId domid_any = 0x7FF5;             // DOMID_ANY, in permission entries

// Limits of docs/misc/xenstore.txt, in bytes without the terminating NUL.
inline constexpr std::size_t absolute_path_max = 3072;
inline constexpr std::size_t relative_path_max = 2048;

constexpr bool is_name_char(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '@';
}

// True for a well-formed absolute path: "/" alone, or '/' before each of one or more non-empty
// names. "/local/domain/" is not one (XSA-481).
constexpr bool is_absolute_path(std::string_view path) {
    if (path.empty() || path.front() != '/' || path.size() > absolute_path_max) return false;
    if (path.size() == 1) return true;
    char previous = '\0';
    for (const char c : path) {
        if (c == '/' ? previous == '/' : !is_name_char(c)) return false;
        previous = c;
    }
    return previous != '/';
}

// True for a well-formed relative path: names joined by single slashes, none at either end.
constexpr bool is_relative_path(std::string_view path) {
    if (path.empty() || path.size() > relative_path_max || path.back() == '/') return false;
    char previous = '/';
    for (const char c : path) {
        if (c == '/' ? previous == '/' : !is_name_char(c)) return false;
        previous = c;
    }
    return true;
}

// True for the name of a special node, such as "@releaseDomain" or "@releaseDomain/5": the only
// operations on one are WATCH, UNWATCH, GET_PERMS and SET_PERMS.
constexpr bool is_special_path(std::string_view path) {
    return !path.empty() && path.front() == '@' && is_relative_path(path);
}

// "/local/domain/N": the home of a domain, before which its relative paths stand.
inline std::string domain_path(DomainId domain) {
    char digits[8];
    const auto end = std::to_chars(digits, digits + sizeof digits, domain).ptr;
    return std::string("/local/domain/").append(digits, end);
}

// Joins two well-formed parts with one slash; `base` may be "/".
inline std::string join(std::string_view base, std::string_view name) {
    std::string path(base);
    if (path.empty() || path.back() != '/') path += '/';
    return path.append(name);
}

// The path without its last name; the parent of "/a" and of "/" is "/".
constexpr std::string_view parent(std::string_view path) {
    const auto slash = path.rfind('/');
    return slash == std::string_view::npos || slash == 0 ? std::string_view("/")
                                                         : path.substr(0, slash);
}

// The last name of a path; empty for "/".
constexpr std::string_view basename(std::string_view path) {
    const auto slash = path.rfind('/');
    return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

// True if `path` is `ancestor` or lies below it; both absolute (or both special).
constexpr bool is_same_or_below(std::string_view path, std::string_view ancestor) {
    if (ancestor == "/") return path.starts_with('/');
    return path.starts_with(ancestor) &&
           (path.size() == ancestor.size() || path[ancestor.size()] == '/');
}

}  // namespace stemma::xs
