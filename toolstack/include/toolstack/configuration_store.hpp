#pragma once

#include <map>
#include <string>

#include "toolstack/configuration.hpp"
#include "toolstack/store.hpp"

namespace stemma::toolstack {

// How a Configuration lies under /stemma: path below /stemma to value.
using ConfigurationNodes = std::map<std::string, std::string>;

ConfigurationNodes to_nodes(const Configuration& configuration);

// The inverse. What somebody wrote there by hand and this version cannot read is an error that
// names the path. Keys that it does not know are left alone.
Result<Configuration> from_nodes(const ConfigurationNodes& nodes);

// All leaves and inner nodes with a value below /stemma that to_nodes() could have written.
StoreResult<ConfigurationNodes> read_nodes(Store& store, TransactionId transaction = 0);

Result<Configuration> load_configuration(Store& store);

// Writes what differs between the two, in one transaction, provided that /stemma still holds
// `planned_on`: false, and nothing written, when it holds something else.
Result<bool> replace_configuration(Store& store, const Configuration& planned_on,
                                   const Configuration& wanted);

}  // namespace stemma::toolstack
