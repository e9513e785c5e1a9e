#include "xenstored/quota.hpp"

#include <array>

namespace stemma::xenstored {

namespace {

constexpr std::array table{
    Quota{"nodes", "nodes", &Limits::nodes, "Nodes per domain"},
    Quota{"watches", "watches", &Limits::watches, "Watches per domain"},
    Quota{"transactions", "transactions", &Limits::transactions, "Transactions per domain"},
    Quota{"outstanding", "outstanding", &Limits::outstanding, "Outstanding requests per domain"},
    Quota{"transaction-nodes", "transaction-nodes", &Limits::transaction_nodes,
          "Max. number of accessed nodes per transaction"},
    Quota{"memory", "memory", &Limits::memory, "Total Xenstore memory per domain (error level)"},
    Quota{"node-size", "node-size", &Limits::node_size, "Max. size of a node"},
    Quota{"path-max", "path-max", &Limits::path_max, "Max. length of a node path"},
    Quota{"permissions", "node-permissions", &Limits::permissions,
          "Max. number of permissions per node"},
    Quota{"memory", "soft-memory", &Limits::memory_soft,
          "Total Xenstore memory per domain (warning level)", true},
};

}  // namespace

std::span<const Quota> quotas() {
    return table;
}

const Quota* find_quota(std::string_view name, bool soft) {
    for (const Quota& quota : table) {
        const bool by_name = quota.soft == soft && quota.name == name;
        const bool by_later_name = !soft && quota.later_name == name;
        if (by_name || by_later_name) return &quota;
    }
    return nullptr;
}

std::string_view quota_names() {
    return "nodes watches outstanding memory soft-memory transactions transaction-nodes "
           "node-permissions path-max node-size";
}

}  // namespace stemma::xenstored
