#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace stemma::toolstack {

// The least number of letters to insert, remove, replace or swap with a neighbour that makes one
// word the other (optimal string alignment). Cost is the product of the lengths.
std::size_t edit_distance(std::string_view a, std::string_view b);

// The candidate that `word` was most likely meant to be: at most 3 edits away and fewer than half
// of its letters; empty when none is.
std::string_view closest(std::string_view word, std::span<const std::string_view> candidates);

}  // namespace stemma::toolstack
