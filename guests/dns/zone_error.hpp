#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "dns/escape.hpp"

namespace stemma::dns {

// A word of a zone's text for a message: in quotes, unprintable bytes escaped, no longer than a
// line of a console can show.
inline std::string quote(std::string_view word) {
    std::string text = "'";
    for (const char c : word.substr(0, 64)) {
        if (c >= ' ' && c < '\x7f')
            text += c;
        else
            append_escaped(text, static_cast<std::uint8_t>(c));
    }
    return text.append(word.size() > 64 ? "...'" : "'");
}

// What is wrong with a zone's text, and on which line of it; line 0 speaks of the whole zone.
struct ZoneError {
    std::uint32_t line = 0;
    std::string cause;

    std::string text() const {
        return line == 0 ? cause : "line " + std::to_string(line) + ": " + cause;
    }
    bool operator==(const ZoneError&) const = default;
};

}  // namespace stemma::dns
