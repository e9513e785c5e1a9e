#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <utility>

#include "xs_wire/error.hpp"

namespace stemma::xenstored {

// A request's answer: a payload, or an error.
using Answer = std::expected<std::string, xs::Error>;

// What most operations answer that have nothing to say.
inline constexpr std::string_view acknowledgement("OK\0", 3);

inline Answer acknowledged() {
    return std::string(acknowledgement);
}

inline Answer refused(xs::Error error) {
    return std::unexpected(error);
}

// One string and its NUL.
inline Answer text_answer(std::string text) {
    text += '\0';
    return text;
}

}  // namespace stemma::xenstored
