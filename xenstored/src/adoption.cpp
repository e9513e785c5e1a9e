#include "xenstored/adoption.hpp"

#include <charconv>
#include <optional>
#include <utility>

#include "store/children.hpp"
#include "store/merge_function.hpp"
#include "store/path_pattern.hpp"
#include "xenstored/place.hpp"
#include "xenstored/rights.hpp"
#include "xs_wire/path.hpp"

namespace stemma::xenstored {

namespace {

struct At {
    const store::Node* node;
    std::string path;
};

// The last word of a value as a number, if it is one.
std::optional<std::int64_t> expiry_of(std::string_view value) {
    const auto blank = value.rfind(' ');
    if (blank != std::string_view::npos) value.remove_prefix(blank + 1);
    std::int64_t expiry = 0;
    const auto [stopped, error] =
        std::from_chars(value.data(), value.data() + value.size(), expiry);
    if (error != std::errc() || stopped != value.data() + value.size()) return std::nullopt;
    return expiry;
}

// Makes the missing ancestors of `path` and the node itself, all with the permissions of the
// nearest one that exists.
void create_inheriting(Branch& branch, std::string_view path, std::string_view value) {
    const Place place = locate(branch.tree().root(), path);
    const store::Permissions permissions = place.nearest->permissions();
    const std::size_t first = place.nearest_length == 1 ? 1 : place.nearest_length + 1;
    for (auto slash = path.find('/', first); slash != std::string_view::npos;
         slash = path.find('/', slash + 1)) {
        branch.create(path.substr(0, slash), {{}, permissions});
    }
    branch.create(path, {store::Bytes(value), permissions});
}

}  // namespace

bool adopt_permissions(const store::Permissions& old, store::Permissions& adopted) {
    const auto entries = old.entries();
    if (!entries.empty() && entries.front().domain != 0) return false;
    std::vector<store::Permission> kept;
    for (const auto& entry : entries) {
        if (entry.domain == 0) kept.push_back({entry.access, 0, 0});
        if (entry.domain == any_domain.id) {
            kept.push_back({entry.access, any_domain.id, any_domain.generation});
        }
    }
    if (kept.empty()) kept.emplace_back();
    adopted = store::Permissions(kept);
    return true;
}

std::vector<std::string> revert_subtree(Branch& branch, std::string_view path,
                                        const store::Node* wanted) {
    std::vector<std::string> changed;
    if (wanted == nullptr) {
        if (branch.remove(path)) changed.emplace_back(path);
        return changed;
    }
    std::vector<At> waiting{{wanted, std::string(path)}};
    while (!waiting.empty()) {
        const At at = std::move(waiting.back());
        waiting.pop_back();
        store::Permissions permissions;
        if (!adopt_permissions(at.node->permissions(), permissions)) continue;
        const store::Node* const live = branch.tree().find(at.path);
        if (live == nullptr) {
            create_inheriting(branch, at.path, at.node->value());
            branch.set_permissions(at.path, permissions);
            changed.push_back(at.path);
        } else {
            const bool other_value = live->value() != at.node->value();
            const bool other_permissions = !live->permissions().same_text(permissions);
            std::vector<std::string> surplus;
            for (store::ChildCursor child(live->children()); child.get() != nullptr; child.next()) {
                if (at.node->child(child.get()->name()) == nullptr) {
                    surplus.push_back(xs::join(at.path, child.get()->name()));
                }
            }
            if (other_value) branch.set_value(at.path, store::Bytes(at.node->value()));
            if (other_permissions) branch.set_permissions(at.path, permissions);
            if (other_value || other_permissions) changed.push_back(at.path);
            for (std::string& gone : surplus) {
                branch.remove(gone);
                changed.push_back(std::move(gone));
            }
        }
        const auto children = at.node->children_in_order();
        for (auto child = children.rbegin(); child != children.rend(); ++child)
            waiting.push_back({*child, xs::join(at.path, (*child)->name())});
    }
    return changed;
}

std::vector<std::string> merge_network_state(Branch& branch, std::string_view path,
                                             const store::Node& earlier, std::int64_t now) {
    std::vector<std::string> changed;
    std::vector<At> waiting{{&earlier, std::string(path)}};
    while (!waiting.empty()) {
        const At at = std::move(waiting.back());
        waiting.pop_back();
        const auto children = at.node->children_in_order();
        for (auto child = children.rbegin(); child != children.rend(); ++child)
            waiting.push_back({*child, xs::join(at.path, (*child)->name())});

        static const store::PathPattern counters("/local/domain/*/data/net/stats/**");
        const auto expiry = expiry_of(at.node->value());
        if (!expiry || *expiry <= now || counters.matches(at.path)) continue;
        const store::Node* const live = branch.tree().find(at.path);
        if (live == nullptr) {
            create_inheriting(branch, at.path, at.node->value());
            changed.push_back(at.path);
            continue;
        }
        store::Versions versions;
        versions.ours = live->value();
        versions.theirs = at.node->value();
        const auto merged = store::merge_later_expiry(versions);
        if (merged && *merged && **merged != live->value()) {
            branch.set_value(at.path, store::Bytes(**merged));
            changed.push_back(at.path);
        }
    }
    return changed;
}

bool is_configuration_path(std::string_view path) {
    return xs::is_same_or_below(path, "/stemma");
}

bool is_network_state_path(std::string_view path) {
    static const store::PathPattern below("/local/domain/*/data/net/**");
    return below.matches(path);
}

}  // namespace stemma::xenstored
