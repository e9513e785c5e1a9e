#pragma once

#include <string>

#include "toolstack/error.hpp"

namespace stemma::toolstack::history {

// Snapshots are named by 1 to 64 letters, digits and '-', so that a name is the same on the command
// line, in a ref and in git.
Result<void> check_snapshot_name(const std::string& name);

}  // namespace stemma::toolstack::history
