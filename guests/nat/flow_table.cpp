#include "nat/flow_table.hpp"

#include <algorithm>

namespace stemma::nat {

namespace {

constexpr std::size_t index_of(Protocol protocol) {
    return static_cast<std::size_t>(protocol);
}

}  // namespace

FlowTable::FlowTable(const FlowTableOptions& options, rt::Entropy& entropy, Tick now)
    : options_(options),
      entropy_(entropy),
      key_{entropy.get<std::uint64_t>(), entropy.get<std::uint64_t>()},
      mappings_(options.limits.mappings),
      sessions_(options.limits.sessions),
      by_port_(protocol_count << 16),
      mapping_chains_(options.limits.mappings),
      session_chains_(options.limits.sessions),
      hosts_(options.limits.mappings, key_),
      wheel_(options.limits.sessions, now) {}

std::uint64_t FlowTable::hash(const InsideEndpoint& inside, net::Ipv4Endpoint remote) const {
    return TableHash::of(key_, std::uint64_t{inside.address.value} << 32 | remote.address.value,
                         std::uint64_t{inside.port} << 32 | std::uint64_t{remote.port} << 16 |
                             static_cast<std::uint64_t>(inside.protocol));
}

MappingId FlowTable::find_inside(const InsideEndpoint& inside) const {
    return mapping_chains_.find(hash(inside, {}),
                                [&](MappingId id) { return mappings_[id].inside == inside; });
}

SessionId FlowTable::find_session(const InsideEndpoint& inside, net::Ipv4Endpoint remote) const {
    return session_chains_.find(hash(inside, remote), [&](SessionId id) {
        return sessions_[id].inside == inside && sessions_[id].remote == remote;
    });
}

bool FlowTable::is_permitted(const InsideEndpoint& inside, net::Ipv4Address remote) const {
    return find_session(inside, {remote, 0}) != no_flow;
}

bool FlowTable::needs_permission(Protocol protocol) const {
    return protocol == Protocol::tcp && options_.filtering == Filtering::address_dependent;
}

std::uint16_t FlowTable::random_port() {
    if (random_left_ == 0) {
        entropy_.fill(random_);
        random_left_ = random_.size();
    }
    random_left_ -= 2;
    return static_cast<std::uint16_t>(random_[random_left_] << 8 | random_[random_left_ + 1]);
}

std::expected<MappingId, FlowRefusal> FlowTable::add_mapping(
    const InsideEndpoint& inside, std::optional<std::uint16_t> exact_port) {
    if (mapping_count_ == options_.limits.mappings) return std::unexpected(FlowRefusal::table_full);
    const std::uint32_t host = hosts_.find_or_add(inside.address);
    const auto refuse = [&](FlowRefusal why) {
        hosts_.release_if_unused(host);
        return std::unexpected(why);
    };
    if (hosts_[host].mappings >= options_.limits.mappings_per_host)
        return refuse(FlowRefusal::host_limit);
    PortPool& ports = ports_[index_of(inside.protocol)];
    std::uint16_t port = exact_port.value_or(0);
    if (exact_port) {
        if (!ports.take(port)) return refuse(FlowRefusal::no_port);
    } else {
        // A free inside port is kept; the random place to search from is drawn only if it is not.
        const bool taken = ports.is_taken(inside.port);
        const auto found =
            ports.take_near(inside.protocol, inside.port, taken ? random_port() : std::uint16_t{0});
        if (!found) return refuse(FlowRefusal::no_port);
        port = *found;
    }
    MappingId id = free_mapping_;
    if (id != no_flow)
        free_mapping_ = mappings_[id].newest_session;
    else
        id = unused_mapping_++;
    mappings_[id] = Mapping{.inside = inside, .outside_port = port, .live = true, .host = host};
    mapping_chains_.insert(hash(inside, {}), id);
    by_port_[place_of(inside.protocol, port)] = id + 1;
    ++hosts_[host].mappings;
    ++mapping_count_;
    return id;
}

void FlowTable::give_back_mapping(MappingId id) {
    Mapping& mapping = mappings_[id];
    const auto protocol = index_of(mapping.inside.protocol);
    mapping_chains_.remove(hash(mapping.inside, {}), id);
    by_port_[place_of(mapping.inside.protocol, mapping.outside_port)] = 0;
    ports_[protocol].give_back(mapping.outside_port);
    --hosts_[mapping.host].mappings;
    hosts_.release_if_unused(mapping.host);
    mapping.live = false;
    mapping.newest_session = free_mapping_;
    free_mapping_ = id;
    --mapping_count_;
}

SessionId FlowTable::take_session(MappingId mapping, net::Ipv4Endpoint remote) {
    SessionId id = free_session_;
    if (id != no_flow)
        free_session_ = sessions_[id].newer;
    else
        id = unused_session_++;
    const Mapping& owner = mappings_[mapping];
    sessions_[id] = Session{.inside = owner.inside,
                            .remote = remote,
                            .outside_port = owner.outside_port,
                            .mapping = mapping};
    session_chains_.insert(hash(owner.inside, remote), id);
    ++hosts_[owner.host].sessions;
    ++session_count_;
    return id;
}

void FlowTable::give_back_session(SessionId id) {
    Session& session = sessions_[id];
    session_chains_.remove(hash(session.inside, session.remote), id);
    --hosts_[mappings_[session.mapping].host].sessions;
    session.mapping = no_flow;
    session.newer = free_session_;
    free_session_ = id;
    --session_count_;
}

void FlowTable::link(SessionId id) {
    Mapping& mapping = mappings_[sessions_[id].mapping];
    sessions_[id].older = mapping.newest_session;
    if (mapping.newest_session != no_flow)
        sessions_[mapping.newest_session].newer = id;
    else
        mapping.oldest_session = id;
    mapping.newest_session = id;
    ++mapping.session_count;
}

std::expected<SessionId, FlowRefusal> FlowTable::add_session(MappingId id, net::Ipv4Endpoint remote,
                                                             TcpState state, Tick deadline,
                                                             Tick now) {
    const Mapping& mapping = mappings_[id];
    SessionId permission = no_flow;
    std::uint32_t needed = 1;
    const bool wants_permission =
        needs_permission(mapping.inside.protocol) && !remote.address.is_unspecified();
    if (wants_permission) {
        permission = find_session(mapping.inside, {remote.address, 0});
        needed += permission == no_flow;
    }
    if (options_.limits.sessions - session_count_ < needed)
        return std::unexpected(FlowRefusal::table_full);
    if (hosts_[mapping.host].sessions + needed > options_.limits.sessions_per_host)
        return std::unexpected(FlowRefusal::host_limit);
    if (wants_permission) {
        if (permission == no_flow) {
            permission = take_session(id, {remote.address, 0});
            sessions_[permission].is_permission = true;
        }
        ++sessions_[permission].deadline;
    }
    const SessionId session = take_session(id, remote);
    sessions_[session].state = state;
    sessions_[session].deadline = deadline;
    link(session);
    if (deadline != tick_never) schedule(session, now);
    return session;
}

void FlowTable::drop_permission(const Session& session) {
    const SessionId permission = find_session(session.inside, {session.remote.address, 0});
    if (--sessions_[permission].deadline == 0) give_back_session(permission);
}

void FlowTable::remove_session(SessionId id) {
    Session& session = sessions_[id];
    if (needs_permission(session.inside.protocol) && !session.remote.address.is_unspecified())
        drop_permission(session);
    Mapping& mapping = mappings_[session.mapping];
    (session.older != no_flow ? sessions_[session.older].newer : mapping.oldest_session) =
        session.newer;
    (session.newer != no_flow ? sessions_[session.newer].older : mapping.newest_session) =
        session.older;
    --mapping.session_count;
    wheel_.cancel(id);
    give_back_session(id);
}

std::expected<SessionId, FlowRefusal> FlowTable::open(const InsideEndpoint& inside,
                                                      net::Ipv4Endpoint remote, TcpState state,
                                                      Tick now) {
    MappingId id = find_inside(inside);
    const bool is_new = id == no_flow;
    if (is_new) {
        const auto added = add_mapping(inside, std::nullopt);
        if (!added) return std::unexpected(added.error());
        id = *added;
    }
    const Tick deadline = now + options_.timeouts.of(inside.protocol, state) + 1;
    const auto session = add_session(id, remote, state, deadline, now);
    if (!session) {
        if (is_new) give_back_mapping(id);
        return session;
    }
    if (listener_ != nullptr)
        is_new ? listener_->mapping_added(id) : listener_->mapping_changed(id);
    return session;
}

std::expected<MappingId, FlowRefusal> FlowTable::adopt(const Adopted& adopted, Tick now) {
    if (find_inside(adopted.inside) != no_flow) return std::unexpected(FlowRefusal::no_port);
    const auto id = add_mapping(adopted.inside, adopted.outside_port);
    if (!id) return id;
    mappings_[*id].is_static = adopted.is_static;
    mappings_[*id].adopts_streams = true;
    // A static mapping lives without a session.
    if (!adopted.is_static) {
        const auto remote =
            session_remote(options_.filtering, adopted.inside.protocol, adopted.remote);
        const auto session = add_session(*id, remote, adopted.state, adopted.deadline, now);
        if (!session) {
            give_back_mapping(*id);
            return std::unexpected(session.error());
        }
    }
    if (listener_ != nullptr) listener_->mapping_added(*id);
    return id;
}

void FlowTable::set_state(SessionId id, TcpState state, Tick now) {
    const Tick before = sessions_[id].deadline;
    sessions_[id].state = state;
    refresh(id, now);
    if (sessions_[id].deadline < before) {
        wheel_.cancel(id);
        schedule(id, now);
    }
    if (listener_ != nullptr) listener_->mapping_changed(sessions_[id].mapping);
}

void FlowTable::set_deadline(MappingId id, Tick deadline) {
    for (SessionId at = mappings_[id].oldest_session; at != no_flow; at = sessions_[at].newer) {
        sessions_[at].deadline = deadline;
        wheel_.cancel(at);
        wheel_.schedule(at, deadline);
    }
    if (listener_ != nullptr) listener_->mapping_changed(id);
}

bool FlowTable::move(MappingId id, std::uint16_t outside_port) {
    Mapping& mapping = mappings_[id];
    const auto protocol = index_of(mapping.inside.protocol);
    if (!ports_[protocol].take(outside_port)) return false;
    ports_[protocol].give_back(mapping.outside_port);
    by_port_[place_of(mapping.inside.protocol, mapping.outside_port)] = 0;
    by_port_[place_of(mapping.inside.protocol, outside_port)] = id + 1;
    mapping.outside_port = outside_port;
    for (SessionId at = mapping.oldest_session; at != no_flow; at = sessions_[at].newer)
        sessions_[at].outside_port = outside_port;
    if (listener_ != nullptr) listener_->mapping_changed(id);
    return true;
}

void FlowTable::remove(MappingId id) {
    if (listener_ != nullptr) listener_->mapping_removed(id);
    while (mappings_[id].oldest_session != no_flow)
        remove_session(mappings_[id].oldest_session);
    give_back_mapping(id);
}

void FlowTable::schedule(SessionId id, Tick now) {
    const Session& session = sessions_[id];
    const Tick timeout = options_.timeouts.of(session.inside.protocol, session.state);
    wheel_.schedule(id, std::min(session.deadline, now + timeout / checks_per_timeout + 1));
}

void FlowTable::check(SessionId id, Tick now) {
    const MappingId owner = sessions_[id].mapping;
    if (sessions_[id].deadline > now) {
        schedule(id, now);
        if (listener_ != nullptr) listener_->mapping_changed(owner);
        return;
    }
    const Mapping& mapping = mappings_[owner];
    if (mapping.session_count == 1 && !mapping.is_static) return remove(owner);
    remove_session(id);
    if (listener_ != nullptr) listener_->mapping_changed(owner);
}

bool FlowTable::expire(Tick now, std::size_t budget) {
    return wheel_.advance(now, budget, [&](SessionId id) { check(id, now); });
}

}  // namespace stemma::nat
