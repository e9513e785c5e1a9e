#pragma once

#include <string>

#include "toolstack/error.hpp"
#include "toolstack/store.hpp"

namespace stemma::toolstack {

// From now on this connection reads and writes the what-if branch.
Result<void> check_out(Store& store, const std::string& name);

// Has xenstored merge the branch into the live store; gives how many nodes changed. A conflict is
// an error that names the first.
Result<std::string> merge_branch(Store& store, const std::string& name);

}  // namespace stemma::toolstack
