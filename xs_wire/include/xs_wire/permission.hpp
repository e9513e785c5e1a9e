#pragma once

#include <charconv>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "xs_wire/error.hpp"
#include "xs_wire/path.hpp"

namespace stemma::xs {

// What a permission entry grants: bit 0 read, bit 1 write (XS_PERM_READ, XS_PERM_WRITE).
enum class Access : std::uint8_t { none = 0, read = 1, write = 2, both = 3 };

constexpr bool grants(Access granted, Access wanted) {
    return (static_cast<unsigned>(granted) & static_cast<unsigned>(wanted)) ==
           static_cast<unsigned>(wanted);
}

// One entry as it travels: a letter and a decimal domid, "r5".
struct PermissionText {
    Access access = Access::none;
    DomainId domain = 0;

    bool operator==(const PermissionText&) const = default;
};

constexpr char access_letter(Access access) {
    return "nrwb"[static_cast<unsigned>(access)];
}

inline std::string to_string(PermissionText permission) {
    char digits[8];
    const auto end = std::to_chars(digits, digits + sizeof digits, permission.domain).ptr;
    return std::string(1, access_letter(permission.access)).append(digits, end);
}

// Parses "r5" (no NUL). EINVAL for an unknown letter, no digits, trailing bytes or a domid over 16
// bits.
inline std::expected<PermissionText, Error> parse_permission(std::string_view text) {
    if (text.size() < 2) return std::unexpected(Error::einval);
    PermissionText permission;
    switch (text.front()) {
        case 'n':
            permission.access = Access::none;
            break;
        case 'r':
            permission.access = Access::read;
            break;
        case 'w':
            permission.access = Access::write;
            break;
        case 'b':
            permission.access = Access::both;
            break;
        default:
            return std::unexpected(Error::einval);
    }
    const char* const end = text.data() + text.size();
    const auto [stopped, error] = std::from_chars(text.data() + 1, end, permission.domain);
    if (error != std::errc() || stopped != end) return std::unexpected(Error::einval);
    return permission;
}

}  // namespace stemma::xs
