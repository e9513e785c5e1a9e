#include "toolstack/agent/backend_nodes.hpp"

#include "toolstack/domain_nodes.hpp"
#include "toolstack/vif_state.hpp"

namespace stemma::toolstack {

StoreResult<void> connect_vif(Store& store, xs::DomainId domain, unsigned index, unsigned mtu) {
    const std::string front = frontend_path(domain, index);
    const std::string back = backend_path(domain, index);
    const auto offered = store.transact([&](TransactionId transaction) -> StoreResult<void> {
        // No offloads: the port has none (VethPorts).
        for (const auto& [key, value] :
             {std::pair{"feature-sg", "0"}, std::pair{"feature-gso-tcpv4", "0"},
              std::pair{"feature-gso-tcpv6", "0"}, std::pair{"feature-rx-copy", "1"},
              std::pair{"feature-no-csum-offload", "1"}}) {
            if (auto set = store.write(back + '/' + key, value, transaction); !set) return set;
        }
        if (auto set = store.write(back + "/mtu", std::to_string(mtu), transaction); !set) {
            return set;
        }
        if (auto set = store.write(back + "/hotplug-status", "connected", transaction); !set) {
            return set;
        }
        return store.write(back + "/state", value(VifState::init_wait), transaction);
    });
    if (!offered) return offered;
    const auto taken = store.transact([&](TransactionId transaction) -> StoreResult<void> {
        if (auto set = store.write(front + "/request-rx-copy", "1", transaction); !set) return set;
        return store.write(front + "/state", value(VifState::connected), transaction);
    });
    if (!taken) return taken;
    return store.write(back + "/state", value(VifState::connected));
}

StoreResult<void> fail_vif(Store& store, xs::DomainId domain, unsigned index,
                           const std::string& reason) {
    const std::string back = backend_path(domain, index);
    return store.transact([&](TransactionId transaction) -> StoreResult<void> {
        if (auto set = store.write(back + "/hotplug-error", reason, transaction); !set) return set;
        return store.write(back + "/hotplug-status", "error", transaction);
    });
}

StoreResult<void> rename_bridge(Store& store, xs::DomainId domain, unsigned index,
                                const std::string& bridge) {
    return store.transact([&](TransactionId transaction) -> StoreResult<void> {
        if (auto set = store.write(backend_path(domain, index) + "/bridge", bridge, transaction);
            !set) {
            return set;
        }
        return store.write(
            library_path(domain) + "/device/vif/" + std::to_string(index) + "/bridge", bridge,
            transaction);
    });
}

}  // namespace stemma::toolstack
