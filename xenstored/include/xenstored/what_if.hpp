#pragma once

#include <cstddef>
#include <expected>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "store/merge.hpp"
#include "xenstored/branch.hpp"
#include "xenstored/domain_table.hpp"
#include "xenstored/live_tree.hpp"
#include "xs_wire/error.hpp"

namespace stemma::xenstored {

// A tree beside the live one, to try things on: privileged clients check it out, and all their
// requests then read and write it. Nobody's watches fire for it, nothing of it is published, and it
// ends with the daemon, unless that hands over to another of ours. Merging it into the live tree is
// what makes it true.
struct WhatIf {
    store::Time since;
    store::Tree base;  // the live tree when it was made, or last merged
    LiveTree tree;
};

class WhatIfBranches {
  public:
    static constexpr std::size_t bound = 16;
    static constexpr std::size_t name_max = 64;

    // EINVAL for a name that is not 1 to 64 letters, digits or '-', EEXIST, ENOSPC at the bound.
    std::expected<void, xs::Error> make(std::string_view name, const LiveTree& live,
                                        store::Time now);
    std::shared_ptr<WhatIf> find(std::string_view name) const;  // null if there is none
    // One that an earlier program had.
    void put(const std::string& name, WhatIf branch) {
        branches_.insert_or_assign(name, std::make_shared<WhatIf>(std::move(branch)));
    }
    // ENOENT; EBUSY while a client has it checked out.
    std::expected<void, xs::Error> drop(std::string_view name);

    template <class Visit>
    void for_each(Visit visit) const {
        for (const auto& [name, branch] : branches_)
            visit(name, *branch);
    }

  private:
    std::map<std::string, std::shared_ptr<WhatIf>, std::less<>> branches_;
};

// What changed on the branch since its base: one line for each node, "+ /path", "- /path" or
// "~ /path", as many whole lines as fit `room`, then "..." if that is not all.
std::string changes_text(const WhatIf& branch, std::size_t room);

// The branch's changes since its base, made to `into`, a branch of the live tree: by type where
// both sides changed a value (store::MergePolicy::network_state). Permission entries of domains
// that are gone are dropped, and nodes that such a domain would own are not made. Gives the paths
// changed, or the conflicts, and then `into` is as it was.
std::expected<std::vector<std::string>, store::Conflicts> merge_what_if(Branch& into,
                                                                        const WhatIf& branch,
                                                                        const DomainTable& domains);

}  // namespace stemma::xenstored
