#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

// How a request's payload divides into strings. The rules, and their leniency, are those of C
// xenstored 4.17, because clients have come to depend on them.
namespace stemma::xenstored {

// The payload's bytes as characters.
std::string_view characters(std::span<const std::byte> payload);

// The payload without its NUL, if it is one string: exactly one NUL, at the end.
std::optional<std::string_view> one_string(std::string_view payload);

// The NUL-terminated strings at the front of the payload; bytes after the last NUL are left out.
std::vector<std::string_view> strings(std::string_view payload);

// How many slashes the first string has: what following it as a path costs.
std::size_t path_levels(std::string_view payload);

// The first string and whatever follows its NUL; nothing when there is no NUL.
struct StringAndRest {
    std::string_view string;
    std::string_view rest;
};
std::optional<StringAndRest> string_and_rest(std::string_view payload);

// The number at the front of `text` as atoi() reads it: blanks, a sign, digits; 0 when there is
// none. Of a value beyond 32 bits the lower 32 count.
int leading_number(std::string_view text);

// `text` as strtol(base 0) reads it, all of it: what C accepts as a domid in a permission entry.
std::optional<long> whole_number(std::string_view text);

}  // namespace stemma::xenstored
