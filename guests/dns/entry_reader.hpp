#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "dns/zone_error.hpp"

namespace stemma::dns {

// A word of a master file; escapes are still in it, the quotes around it are not.
struct Token {
    std::string_view text;
    std::uint32_t line = 0;
    bool quoted = false;
};

// One entry of a master file: a line, or several held together by parentheses.
struct Entry {
    std::uint32_t line = 0;     // of its first token
    bool begins_blank = false;  // it has the owner of the entry before
    std::vector<Token> tokens;  // at least one
};

// Cuts a master file (RFC 1035 5.1) that arrives in pieces into entries: parentheses, quotes,
// comments and ends of line are dealt with here and nowhere else.
class EntryReader {
  public:
    // Longest entry, in bytes: holds any data of 16 KB written in hexadecimal or escapes.
    static constexpr std::size_t entry_max = 65536;

    void feed(std::string_view text);
    // Nothing more comes: what is there ends the last line.
    void finish() { finished_ = true; }

    // Fills in the next entry; false when more text is needed or all of it was read. The tokens
    // point into the reader, until its next call.
    std::expected<bool, ZoneError> next(Entry& entry);

  private:
    std::expected<bool, ZoneError> scan(Entry& entry);

    std::string text_;
    std::size_t start_ = 0;   // of the entry that was not yet handed out
    std::uint32_t line_ = 1;  // there
    bool finished_ = false;
};

}  // namespace stemma::dns
