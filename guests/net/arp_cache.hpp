#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "net/ipv4_address.hpp"
#include "net/keyed_hash.hpp"
#include "net/mac_address.hpp"
#include "rt/entropy.hpp"
#include "rt/time.hpp"

namespace stemma::net {

// What an ARP cache asks of the link it is for.
class ArpLink {
  public:
    virtual ~ArpLink() = default;
    // Ask for the MAC of `target`: everybody, or only the one that had it (`known`).
    virtual void request(Ipv4Address target, const MacAddress* known) = 0;
    // `address` was being asked for, and this came of it.
    virtual void resolved(Ipv4Address address, const MacAddress& mac, rt::Instant now) = 0;
    virtual void unresolved(Ipv4Address address) = 0;
};

// What the store holds, or is about to, for an entry.
struct ShownArpEntry {
    MacAddress mac;
    rt::UtcSeconds expiry;

    bool operator==(const ShownArpEntry&) const = default;
};

// An entry that the store does not show as it is; without `now_shown` it is gone.
struct ArpChange {
    Ipv4Address address;
    std::optional<ShownArpEntry> before;
    std::optional<ShownArpEntry> now_shown;
    rt::Instant dirty_since;
};

// The ARP cache of one port (RFC 826, RFC 1122 section 2.3.2.1).
//
// An entry is *incomplete* while its address is asked for: a broadcast each second, three in all.
// It is *reachable* for `lifetime` after the last ARP packet that confirmed it, then *stale*: still
// used, but its first use asks the known holder, twice, then everybody, and after a second without
// an answer it is dropped. A stale entry that nobody uses is dropped after another `lifetime`.
//
// Bounds: `capacity` entries, of them `incomplete_max` incomplete, so that a scan of a network
// pushes nothing out and asks at most incomplete_max questions a second: at that bound resolve()
// refuses. At capacity a resolved entry not used lately gives way. As many places again are kept
// for entries that have ended but still stand in the store; beyond them their nodes stay behind.
class ArpCache {
  public:
    struct Options {
        std::size_t capacity = 512;  // at most 16,384
        std::size_t incomplete_max = 128;
        rt::Duration lifetime = rt::Duration::seconds(60);
    };
    static constexpr rt::Duration request_interval = rt::Duration::seconds(1);
    static constexpr std::uint8_t requests_max = 3;

    // `link` outlives the cache and is called from within it; it must not call back.
    ArpCache(ArpLink& link, rt::Entropy& entropy, const Options& options);

    struct Resolution {
        const MacAddress* mac = nullptr;  // until the next call
        bool waiting = false;             // it is being asked for: a packet may wait
    };
    // For a packet about to go to `address`.
    Resolution resolve(Ipv4Address address, rt::Instant now);
    // As resolve(), but an address that is not known is not asked for.
    const MacAddress* use(Ipv4Address address, rt::Instant now);

    // The MAC if known, also when stale; changes nothing.
    const MacAddress* find(Ipv4Address address) const;

    // An ARP packet said that `mac` holds `address`. Makes a new entry only if told to: RFC 826
    // wants that for packets addressed to us alone.
    void learn(Ipv4Address address, const MacAddress& mac, bool create, rt::Instant now);

    // Sends requests that are due and drops what has expired; when to be called next.
    rt::Instant run(rt::Instant now);

    std::size_t size() const { return used_; }
    std::size_t incomplete() const { return incomplete_; }

    // --- For the mirror: entries that changed since they were last taken, oldest first. An expiry
    // counts as changed only when off by half a lifetime.
    bool has_changes() const { return dirty_head_ != none; }
    // Takes one; from now on the store is believed to show `now_shown`.
    std::optional<ArpChange> next_change(rt::Instant now, rt::UtcSeconds utc);
    // The store refused it after all; retry_refused() marks up to `count` of such as changed.
    void refused(Ipv4Address address);
    void retry_refused(std::size_t count, rt::Instant now);
    // What the store is believed to show.
    std::optional<ShownArpEntry> shown(Ipv4Address address) const;
    // Steps through the entries that are shown; `cursor` starts at 0.
    std::optional<Ipv4Address> next_shown(std::size_t& cursor) const;

    // --- Changes made in the store by others.
    // False at the bound (nothing gives way) or for an expiry that has passed.
    bool set_from_store(Ipv4Address address, const ShownArpEntry& entry, rt::Instant now,
                        rt::UtcSeconds utc);
    // The same for an entry of a former guest's state, which this guest's store does not show yet.
    bool restore(Ipv4Address address, const ShownArpEntry& entry, rt::Instant now,
                 rt::UtcSeconds utc);
    void remove_from_store(Ipv4Address address);
    // The store shows for `address` what makes no sense: have it rewritten or removed.
    void correct_store(Ipv4Address address, rt::Instant now);

  private:
    enum class State : std::uint8_t {
        free,
        incomplete,
        resolved,
        gone,  // not used any more, kept until the store has been told
    };
    struct Entry {
        Ipv4Address address;
        MacAddress mac;
        State state = State::free;
        std::uint8_t requests = 0;  // sent without an answer
        bool used = false;          // since the eviction hand last passed
        bool dirty = false;
        bool refused = false;
        std::uint16_t next_in_bucket = none;
        std::uint16_t next_dirty = none;
        rt::Instant expires;  // of a resolved entry: stale from then on
        rt::Instant due;      // when run() has something to do with it
        rt::Instant dirty_since;
        rt::Instant shown_expires;
        std::optional<ShownArpEntry> shown;
    };
    static constexpr std::uint16_t none = 0xffff;

    std::uint16_t& bucket(Ipv4Address address);
    std::uint16_t index_of(Ipv4Address address) const;
    Entry* lookup(Ipv4Address address);
    Entry* claim(Ipv4Address address, State state, rt::Instant now);
    Entry* insert(Ipv4Address address);
    bool evict(rt::Instant now);
    void forget_gone();
    void release(Entry& entry);
    void drop(Entry& entry, rt::Instant now);
    void confirm(Entry& entry, const MacAddress& mac, rt::Instant expires, rt::Instant now);
    void ask(Entry& entry, rt::Instant now);
    void set_due(Entry& entry, rt::Instant due);
    void mark_dirty(Entry& entry, rt::Instant now);

    ArpLink& link_;
    Options options_;
    KeyedHash hash_;
    std::vector<Entry> entries_;
    std::vector<std::uint16_t> buckets_;
    std::uint16_t free_ = none;  // chained by next_in_bucket
    std::uint16_t dirty_head_ = none;
    std::uint16_t dirty_tail_ = none;
    std::size_t hand_ = 0;
    std::size_t used_ = 0;  // incomplete and resolved
    std::size_t incomplete_ = 0;
    rt::Instant due_ = rt::Instant::never();  // no entry is due before
};

}  // namespace stemma::net
