#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "store/commit.hpp"
#include "store/tree.hpp"
#include "xenstored/history.hpp"

// What a commit says about a change, for a person.
namespace stemma::xenstored {

// "domain 5 (nat0)"; without the name if the domain has none in the store.
std::string domain_text(const store::Tree& tree, xs::DomainId domain);

// "device/vif/0: state 3 -> 4", "device/vif/0: new state 1", "device/vif: removed 0",
// "device/vif/0: permissions n0 r5 -> n5". Below the domain's own home the path is relative to it.
// Values are cut after a few dozen bytes; whoever stores the text escapes it.
std::string change_text(const store::Tree& before, const store::Tree& after, std::string_view path,
                        xs::DomainId domain);

// Who, when and why of one visible change: a line for each of the first few paths; the first line,
// which is the commit's subject, says how many more there are.
store::Info change_info(const VisibleChange& change);

}  // namespace stemma::xenstored
