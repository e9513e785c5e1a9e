#pragma once

#include <string_view>

namespace stemma::toolstack {

inline constexpr std::string_view version = STEMMA_VERSION;

}  // namespace stemma::toolstack
