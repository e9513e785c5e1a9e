#pragma once

#include <string>
#include <string_view>

namespace stemma::toolstack {

// A XenStore path as people write its names: "nat/udp/10-0-1-2" as "nat/udp/10.0.1.2",
// "zones/example_2eorg" as "zones/example.org". What decodes to nothing, or to a name with a slash
// or a control character, stays as it is.
std::string display_path(std::string_view path);

// A value on one line: printable ASCII as it is, other bytes as \xhh, cut after `longest`.
std::string display_value(std::string_view value, std::size_t longest = 200);

}  // namespace stemma::toolstack
