#include "xenstored/what_if.hpp"

#include <algorithm>
#include <optional>

#include "store/diff.hpp"
#include "xenstored/rights.hpp"
#include "xs_wire/path.hpp"

namespace stemma::xenstored {

namespace {

using store::Change;

bool is_name(std::string_view name) {
    const auto allowed = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '-';
    };
    return !name.empty() && name.size() <= WhatIfBranches::name_max && name.front() != '-' &&
           std::ranges::all_of(name, allowed);
}

// The entries whose domains live; nothing if the owner does not.
std::optional<store::Permissions> living(const store::Permissions& permissions,
                                         const DomainTable& domains) {
    if (!domains.is_live(owner_of(permissions))) return std::nullopt;
    std::vector<store::Permission> kept;
    for (const store::Permission& entry : permissions.entries()) {
        if (entry.domain == any_domain.id || domains.is_live(domain_of(entry))) {
            kept.push_back(entry);
        }
    }
    return store::Permissions(kept);
}

// Makes the changes from one tree to another to a branch of the first.
class Adoption {
  public:
    Adoption(Branch& into, const DomainTable& domains) : into_(into), domains_(domains) {}

    void take(const Change& change) {
        // Of a subtree that went, or may not come, the top is all there is to do.
        if (!done_with_.empty() && xs::is_same_or_below(change.path, done_with_)) return;
        if (change.kind == Change::Kind::removed) {
            into_.remove(change.path);
            done_with_ = change.path;
            changed_.emplace_back(change.path);
            return;
        }
        auto permissions = living(change.after->permissions(), domains_);
        if (change.kind == Change::Kind::added) {
            if (!permissions) {
                done_with_ = change.path;
                return;
            }
            into_.create(change.path, {change.after->parts().value, std::move(*permissions)});
        } else {
            if (change.before->value() != change.after->value()) {
                into_.set_value(change.path, change.after->parts().value);
            }
            if (permissions && *permissions != change.before->permissions()) {
                into_.set_permissions(change.path, std::move(*permissions));
            }
        }
        changed_.emplace_back(change.path);
    }

    std::vector<std::string> changed() { return std::move(changed_); }

  private:
    Branch& into_;
    const DomainTable& domains_;
    std::string done_with_;
    std::vector<std::string> changed_;
};

}  // namespace

std::expected<void, xs::Error> WhatIfBranches::make(std::string_view name, const LiveTree& live,
                                                    store::Time now) {
    if (!is_name(name)) return std::unexpected(xs::Error::einval);
    if (branches_.contains(name)) return std::unexpected(xs::Error::eexist);
    if (branches_.size() >= bound) return std::unexpected(xs::Error::enospc);
    branches_.emplace(name, std::make_shared<WhatIf>(WhatIf{now, live.head(), live}));
    return {};
}

std::shared_ptr<WhatIf> WhatIfBranches::find(std::string_view name) const {
    const auto found = branches_.find(name);
    return found == branches_.end() ? nullptr : found->second;
}

std::expected<void, xs::Error> WhatIfBranches::drop(std::string_view name) {
    const auto found = branches_.find(name);
    if (found == branches_.end()) return std::unexpected(xs::Error::enoent);
    if (found->second.use_count() > 1) return std::unexpected(xs::Error::ebusy);
    branches_.erase(found);
    return {};
}

std::string changes_text(const WhatIf& branch, std::size_t room) {
    constexpr std::string_view more = "...\n";
    std::string text;
    bool whole = true;
    store::diff(branch.base, branch.tree.head(), [&](const Change& change) {
        static constexpr char signs[] = {'+', '-', '~'};
        if (!whole) return;
        const char sign = signs[static_cast<std::size_t>(change.kind)];
        whole = text.size() + change.path.size() + 3 + more.size() <= room;
        if (whole) text.append({sign, ' '}).append(change.path) += '\n';
    });
    return whole ? text : text.append(more);
}

std::expected<std::vector<std::string>, store::Conflicts> merge_what_if(
    Branch& into, const WhatIf& branch, const DomainTable& domains) {
    static const store::MergePolicy policy = store::MergePolicy::network_state();
    const store::Tree live = into.tree();
    const auto merged = store::merge(branch.base, live, branch.tree.head(), policy, 0);
    if (!merged) return std::unexpected(merged.error());
    Adoption adoption(into, domains);
    store::diff(live, *merged, [&](const Change& change) { adoption.take(change); });
    return adoption.changed();
}

}  // namespace stemma::xenstored
