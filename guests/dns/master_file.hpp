#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "dns/entry_reader.hpp"
#include "dns/name.hpp"
#include "dns/record_type.hpp"
#include "dns/zone_error.hpp"

namespace stemma::dns {

// A record as it was read; class IN.
struct Record {
    Name owner;
    RecordType type{};
    std::uint32_t ttl = 0;               // seconds
    std::span<const std::uint8_t> data;  // wire form, names uncompressed; good until the next read
    std::uint32_t line = 0;
};

// Reads a master file (RFC 1035 5, $TTL of RFC 2308 4, unknown types of RFC 3597) that arrives in
// pieces. A record without a TTL has that of $TTL, or of the record before it, or the MINIMUM of
// the SOA. $INCLUDE is refused: a zone is one text.
class MasterFile {
  public:
    explicit MasterFile(const Name& origin) : origin_(origin) {}

    void feed(std::string_view text) { reader_.feed(text); }
    void finish() { reader_.finish(); }

    // The next record; nothing when more text is needed or all of it was read. After an error there
    // is no going on.
    std::expected<std::optional<Record>, ZoneError> next();

  private:
    std::expected<void, ZoneError> directive();
    std::expected<Record, ZoneError> record();

    EntryReader reader_;
    Entry entry_;
    std::vector<std::uint8_t> data_;
    Name origin_;
    std::optional<Name> owner_;         // of the record before
    std::optional<std::uint32_t> ttl_;  // of $TTL
    std::optional<std::uint32_t> last_ttl_;
};

}  // namespace stemma::dns
