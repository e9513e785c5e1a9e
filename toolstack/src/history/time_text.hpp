#pragma once

#include <string>

#include "store/stamp.hpp"

namespace stemma::toolstack::history {

// "2026-11-21T20:15:03Z" (RFC 3339).
std::string time_text(store::Time time);

}  // namespace stemma::toolstack::history
