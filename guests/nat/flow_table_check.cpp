#include <vector>

#include "nat/flow_table.hpp"

namespace stemma::nat {

bool FlowTable::is_consistent() const {
    std::uint32_t mappings = 0;
    std::uint32_t sessions = 0;
    std::uint32_t timers = 0;
    std::vector<bool> listed(unused_session_);
    for (MappingId id = 0; id < unused_mapping_; ++id) {
        const Mapping& mapping = mappings_[id];
        if (!mapping.live) continue;
        ++mappings;
        if (find_inside(mapping.inside) != id) return false;
        if (find_outside(mapping.inside.protocol, mapping.outside_port) != id) return false;
        if (!ports_[static_cast<std::size_t>(mapping.inside.protocol)].is_taken(
                mapping.outside_port))
            return false;
        if (hosts_.find(mapping.inside.address) != mapping.host) return false;
        if (mapping.session_count == 0 && !mapping.is_static) return false;
        std::uint32_t own = 0;
        SessionId before = no_flow;
        for (SessionId at = mapping.oldest_session; at != no_flow; at = sessions_[at].newer) {
            const Session& session = sessions_[at];
            if (listed[at] || session.mapping != id || session.inside != mapping.inside ||
                session.outside_port != mapping.outside_port || session.older != before ||
                session.is_permission || find_session(session.inside, session.remote) != at ||
                !wheel_.is_scheduled(at))
                return false;
            if (needs_permission(session.inside.protocol) &&
                !session.remote.address.is_unspecified() &&
                !is_permitted(session.inside, session.remote.address))
                return false;
            listed[at] = true;
            before = at;
            ++own;
        }
        if (mapping.newest_session != before || mapping.session_count != own) return false;
        sessions += own;
        timers += own;
    }
    for (SessionId id = 0; id < unused_session_; ++id) {
        if (sessions_[id].mapping != no_flow && sessions_[id].is_permission) {
            if (sessions_[id].deadline == 0 || wheel_.is_scheduled(id)) return false;
            ++sessions;
        }
    }
    std::uint32_t ports = 0;
    for (const PortPool& pool : ports_)
        ports += pool.taken();
    return mappings == mapping_count_ && sessions == session_count_ && ports == mappings &&
           timers == wheel_.scheduled();
}

}  // namespace stemma::nat
