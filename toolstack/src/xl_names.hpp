#pragma once

#include <map>
#include <string>
#include <string_view>

namespace stemma::toolstack {

// The names that a text in xl's syntax assigns to, each with the line of its last assignment.
// libxlutil answers for names that it is asked for and has no list of those that there are. The
// tokens are those of its lexer (libxlu_cfg_l.l): a name stands only before `=` or `+=`, since a
// value is a number or quoted. The text must be one that libxlutil accepts.
std::map<std::string, unsigned, std::less<>> assigned_names(std::string_view text);

}  // namespace stemma::toolstack
