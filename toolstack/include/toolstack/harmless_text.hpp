#pragma once

#include <string>
#include <string_view>

namespace stemma::toolstack {

// Appends what a guest wrote as it may reach an operator's terminal: all but printable ASCII,
// newline and tab as "\xhh".
void append_harmless(std::string& text, std::string_view bytes);

}  // namespace stemma::toolstack
