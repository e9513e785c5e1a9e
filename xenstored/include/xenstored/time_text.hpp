#pragma once

#include <string>

#include "store/stamp.hpp"

namespace stemma::xenstored {

// "2026-11-22T03:46:00Z".
std::string utc(store::Time time);

}  // namespace stemma::xenstored
