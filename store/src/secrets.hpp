// Where the data of a domain lies in a tree, and which words of a commit speak of it: what has to
// go when the domain has.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "epoch_note.hpp"

namespace stemma::store {

// Paths relative to the root; an element "*" is any name.
using PathElements = std::vector<std::string>;
std::vector<PathElements> paths_of(const DomainName& domain);

// The message of a commit without what these domains wrote, or what was written of them.
std::string message_without(std::string_view author, std::string_view message,
                            const std::set<DomainName>& domains);

}  // namespace stemma::store
