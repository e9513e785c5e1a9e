#pragma once

#include <cstdint>
#include <string>

namespace stemma::dns {

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
