#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace conformance {

using Variables = std::map<std::string, std::string, std::less<>>;

// Splits at blanks. "…" keeps blanks and knows \0 \n \t \\ \" and \xHH; {x*20} is x twenty times;
// $name and ${name} are the variable's value, or nothing.
std::vector<std::string> words_of(std::string_view text, const Variables& variables);

// The bytes between quotes, what does not print as in words_of().
std::string quoted(std::string_view bytes);

}  // namespace conformance
