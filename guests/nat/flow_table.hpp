#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>

#include "nat/filtering.hpp"
#include "nat/flow.hpp"
#include "nat/hash_chains.hpp"
#include "nat/host_table.hpp"
#include "nat/port_pool.hpp"
#include "nat/siphash.hpp"
#include "nat/timeouts.hpp"
#include "nat/timer_wheel.hpp"
#include "nat/zeroed_array.hpp"
#include "rt/entropy.hpp"

namespace stemma::nat {

// Bounds of a FlowTable; its memory, about 11 MB with these, is all taken at the start.
struct FlowTableLimits {
    std::uint32_t mappings = 65536;  // UDP, TCP and ICMP together
    // Two for each mapping: under address-dependent filtering a TCP mapping takes a session and the
    // permission for its remote.
    std::uint32_t sessions = 131072;
    // Of one inside address. A quarter is left for others.
    std::uint32_t mappings_per_host = 49152;
    std::uint32_t sessions_per_host = 98304;
};

struct FlowTableOptions {
    FlowTableLimits limits;
    Timeouts timeouts;
    Filtering filtering = Filtering::address_dependent;
};

// Why the table took no new flow; all of them leave it as it was.
enum class FlowRefusal : std::uint8_t { table_full, host_limit, no_port };

// Told of changes; called from within the table's functions, and must not change the table.
class FlowListener {
  public:
    virtual ~FlowListener() = default;
    virtual void mapping_added(MappingId mapping) = 0;
    // Its port, a session or the state of one changed, or a session lived on at its check.
    virtual void mapping_changed(MappingId mapping) = 0;
    // Called while the mapping can still be read.
    virtual void mapping_removed(MappingId mapping) = 0;
};

// The mappings of one outside address, with their sessions and timers. Lookups, insertion, removal
// and expiry cost the same at any fill. At a bound new flows are refused; none is evicted for them.
class FlowTable {
  public:
    // How often a session's timer looks at it while it lives: so many times in its timeout. What
    // the store shows of a deadline is put right then.
    static constexpr Tick checks_per_timeout = 4;

    FlowTable(const FlowTableOptions& options, rt::Entropy& entropy, Tick now);

    void set_listener(FlowListener* listener) { listener_ = listener; }
    const FlowTableOptions& options() const { return options_; }

    std::uint32_t mapping_count() const { return mapping_count_; }
    std::uint32_t session_count() const { return session_count_; }
    std::uint32_t host_count() const { return hosts_.size(); }
    std::uint32_t mapping_capacity() const { return options_.limits.mappings; }

    const Mapping& mapping(MappingId id) const { return mappings_[id]; }
    const Session& session(SessionId id) const { return sessions_[id]; }

    MappingId find_inside(const InsideEndpoint& inside) const;
    MappingId find_outside(Protocol protocol, std::uint16_t port) const {
        return by_port_[place_of(protocol, port)] - 1;
    }
    // `remote` in the form of session_remote().
    SessionId find_session(const InsideEndpoint& inside, net::Ipv4Endpoint remote) const;
    // Under address-dependent filtering: a TCP session of this mapping reaches `remote`.
    bool is_permitted(const InsideEndpoint& inside, net::Ipv4Address remote) const;

    // A session of an existing or new mapping of `inside`, its timer started; `inside` and `remote`
    // have none. A new mapping keeps the inside port where that is free.
    std::expected<SessionId, FlowRefusal> open(const InsideEndpoint& inside,
                                               net::Ipv4Endpoint remote, TcpState state, Tick now);

    // A mapping from the store, under exactly this port. `inside` has none and the port is free, or
    // it is refused.
    struct Adopted {
        InsideEndpoint inside;
        std::uint16_t outside_port = 0;
        bool is_static = false;
        net::Ipv4Endpoint remote;  // 0.0.0.0:0: none known
        TcpState state = TcpState::none;
        Tick deadline = 0;  // not used when static
    };
    std::expected<MappingId, FlowRefusal> adopt(const Adopted& adopted, Tick now);

    // The packet that came starts the session's timer again.
    void refresh(SessionId id, Tick now) {
        Session& session = sessions_[id];
        session.deadline = now + options_.timeouts.of(session.inside.protocol, session.state) + 1;
    }
    // Changes the state and starts the timer with the new state's timeout.
    void set_state(SessionId id, TcpState state, Tick now);
    // Every session ends at `deadline` unless a packet refreshes it; for a change by an operator.
    // Costs as much as the mapping has sessions.
    void set_deadline(MappingId id, Tick deadline);
    // False, and nothing done, when the port is taken.
    bool move(MappingId id, std::uint16_t outside_port);
    void remove(MappingId id);

    // Ends sessions whose time is over, and their mappings; at most `budget` timers. True when
    // no more are due.
    bool expire(Tick now, std::size_t budget);

    // Every index, list, count and timer agrees with every other. For tests: reads it all.
    bool is_consistent() const;

  private:
    static constexpr std::size_t place_of(Protocol protocol, std::uint16_t port) {
        return static_cast<std::size_t>(protocol) << 16 | port;
    }

    std::uint64_t hash(const InsideEndpoint& inside, net::Ipv4Endpoint remote) const;
    std::expected<MappingId, FlowRefusal> add_mapping(const InsideEndpoint& inside,
                                                      std::optional<std::uint16_t> exact_port);
    std::expected<SessionId, FlowRefusal> add_session(MappingId id, net::Ipv4Endpoint remote,
                                                      TcpState state, Tick deadline, Tick now);
    // An entry of the pool, in its hash chain; there is one.
    SessionId take_session(MappingId mapping, net::Ipv4Endpoint remote);
    void give_back_session(SessionId id);
    void give_back_mapping(MappingId id);
    bool needs_permission(Protocol protocol) const;
    void drop_permission(const Session& session);
    void link(SessionId id);
    // Also out of its mapping's list; the mapping stays, even with none left.
    void remove_session(SessionId id);
    void schedule(SessionId id, Tick now);
    void check(SessionId id, Tick now);
    std::uint16_t random_port();

    FlowTableOptions options_;
    rt::Entropy& entropy_;
    SipKey key_;
    FlowListener* listener_ = nullptr;

    ZeroedArray<Mapping> mappings_;
    ZeroedArray<Session> sessions_;
    ZeroedArray<MappingId> by_port_;  // plus one: 0 is no mapping
    HashChains mapping_chains_;
    HashChains session_chains_;
    HostTable hosts_;
    std::array<PortPool, protocol_count> ports_;
    TimerWheel wheel_;

    std::uint32_t mapping_count_ = 0;
    std::uint32_t session_count_ = 0;
    MappingId free_mapping_ = no_flow;
    SessionId free_session_ = no_flow;
    // From here on no entry was ever used.
    MappingId unused_mapping_ = 0;
    SessionId unused_session_ = 0;

    std::array<std::uint8_t, 64> random_{};
    std::size_t random_left_ = 0;
};

}  // namespace stemma::nat
