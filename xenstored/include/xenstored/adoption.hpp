#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "store/node.hpp"
#include "store/tree.hpp"
#include "xenstored/branch.hpp"

// Bringing nodes of an earlier time, read from a repository, into the live tree. What is read names
// domids without generations: which domain a domid meant then cannot be known now. So entries of
// guests are dropped, and nodes that a guest owned are not created (F9 of the security table).
namespace stemma::xenstored {

// The permissions without entries of guests; nothing if a guest owns the node.
bool adopt_permissions(const store::Permissions& old, store::Permissions& adopted);

// Makes `path` in the branch what `wanted` is (nullptr: makes it absent). Its parent is made if
// there is none. Returns the paths changed, a parent before its children; of a removed subtree
// the top.
std::vector<std::string> revert_subtree(Branch& branch, std::string_view path,
                                        const store::Node* wanted);

// Joins a guest's earlier network state into the live one at `path`, below
// /local/domain/N/data/net. Every value there ends in its expiry in UTC seconds: the later one
// wins, and what has expired by `now` is not brought back. Values without an expiry (counters,
// empty directories) stay as they are. The nodes made belong to whom their parent belongs.
std::vector<std::string> merge_network_state(Branch& branch, std::string_view path,
                                             const store::Node& earlier, std::int64_t now);

// "/stemma" or below; "/local/domain/N/data/net" or below.
bool is_configuration_path(std::string_view path);
bool is_network_state_path(std::string_view path);

}  // namespace stemma::xenstored
