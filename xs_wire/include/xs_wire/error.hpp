#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace stemma::xs {

// The errors that an ERROR reply can name (xsd_errors in xs_wire.h): the whole set, in its order.
// A client that meets any other text takes it for EINVAL, so nothing else may be sent.
enum class Error : std::uint8_t {
    einval,
    eacces,
    eexist,
    eisdir,
    enoent,
    enomem,
    enospc,
    eio,
    enotempty,
    enosys,
    erofs,
    ebusy,
    eagain,
    eisconn,
    e2big,
    eperm,
};

inline constexpr std::array<std::string_view, 16> error_names{
    "EINVAL",    "EACCES", "EEXIST", "EISDIR", "ENOENT", "ENOMEM",  "ENOSPC", "EIO",
    "ENOTEMPTY", "ENOSYS", "EROFS",  "EBUSY",  "EAGAIN", "EISCONN", "E2BIG",  "EPERM"};

constexpr std::string_view name(Error error) {
    return error_names[static_cast<std::size_t>(error)];
}

// The error a reply's text names; as libxenstore does, an unknown text is EINVAL.
// `text` may carry the trailing NUL of the wire.
constexpr Error error_from_name(std::string_view text) {
    if (!text.empty() && text.back() == '\0') text.remove_suffix(1);
    for (std::size_t i = 0; i < error_names.size(); ++i) {
        if (error_names[i] == text) return static_cast<Error>(i);
    }
    return Error::einval;
}

}  // namespace stemma::xs
