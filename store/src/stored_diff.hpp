// What differs between two stored subtrees, reading only what differs: entries with the same object
// id below parents of the same permissions are the same.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "store/history.hpp"
#include "stored_node.hpp"

namespace stemma::store {

// Either may be absent. Sorted by path.
std::expected<std::vector<PathChange>, Error> stored_diff(ObjectSource& source, std::string path,
                                                          std::optional<StoredPlace> before,
                                                          std::optional<StoredPlace> after);

}  // namespace stemma::store
