#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dns/entry_reader.hpp"
#include "dns/name.hpp"
#include "dns/record_type.hpp"

// The data of a record as a master file has it, read into wire form (names uncompressed).
namespace stemma::dns {

// Seconds up to 2^31 - 1 (RFC 2181 8), plain or with units: 1w2d3h4m5s. Nothing for other text.
std::optional<std::uint32_t> parse_period(std::string_view text);

// Reads `tokens`, everything behind the type, into `data`; RFC 3597's "\# length hex" is taken for
// every type. Checks what check_data() checks. The error is a cause without its line.
std::expected<void, std::string> parse_data(RecordType type, std::span<const Token> tokens,
                                            const Name& origin, std::vector<std::uint8_t>& data);

// True if `data` has the form its type asks for; anything will do for a type we do not know.
bool check_data(RecordType type, std::span<const std::uint8_t> data);

// Bytes of the uncompressed name at the front of `data`; 0 if there is none.
std::size_t name_size(std::span<const std::uint8_t> data);

}  // namespace stemma::dns
