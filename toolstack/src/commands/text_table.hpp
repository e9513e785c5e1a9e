#pragma once

#include <string>
#include <vector>

namespace stemma::toolstack {

// Rows of cells as lines with aligned columns, two blanks apart; the first row is the heading.
std::vector<std::string> align(const std::vector<std::vector<std::string>>& rows);

}  // namespace stemma::toolstack
