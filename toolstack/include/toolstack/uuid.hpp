#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace stemma::toolstack {

using Uuid = std::array<std::uint8_t, 16>;

// RFC 4122, version 4.
Uuid random_uuid();
// "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx", in lower case.
std::string to_string(const Uuid& uuid);
// Nothing for a text of another form.
std::optional<Uuid> parse_uuid(std::string_view text);

}  // namespace stemma::toolstack
