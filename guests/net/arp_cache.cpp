#include "net/arp_cache.hpp"

#include <algorithm>
#include <bit>

namespace stemma::net {

namespace {

// A longer life than this in the store is cut, so that no sum of times overflows.
constexpr std::int64_t life_max_seconds = 365 * 24 * 3600;

}  // namespace

ArpCache::ArpCache(ArpLink& link, rt::Entropy& entropy, const Options& options)
    : link_(link),
      options_(options),
      hash_(entropy),
      entries_(options.capacity * 2),
      buckets_(std::bit_ceil(options.capacity * 4), none) {
    for (std::size_t i = entries_.size(); i-- > 0;) {
        entries_[i].next_in_bucket = free_;
        free_ = static_cast<std::uint16_t>(i);
    }
}

std::uint16_t& ArpCache::bucket(Ipv4Address address) {
    return buckets_[hash_(address.value) & (buckets_.size() - 1)];
}

std::uint16_t ArpCache::index_of(Ipv4Address address) const {
    std::uint16_t at = buckets_[hash_(address.value) & (buckets_.size() - 1)];
    while (at != none && entries_[at].address != address)
        at = entries_[at].next_in_bucket;
    return at;
}

ArpCache::Entry* ArpCache::lookup(Ipv4Address address) {
    const auto at = index_of(address);
    return at == none ? nullptr : &entries_[at];
}

const MacAddress* ArpCache::find(Ipv4Address address) const {
    const auto at = index_of(address);
    if (at == none || entries_[at].state != State::resolved) return nullptr;
    return &entries_[at].mac;
}

// The entry of `address`, if need be a new one, or that of a former holder whose end the store has
// yet to be told; such is counted as used from now on. Null at the bound when nothing gives way.
ArpCache::Entry* ArpCache::claim(Ipv4Address address, State state, rt::Instant now) {
    Entry* entry = lookup(address);
    if (entry != nullptr && entry->state != State::gone) return entry;
    if (used_ >= options_.capacity && !evict(now)) return nullptr;
    if (entry == nullptr) entry = insert(address);
    entry->state = state;
    entry->requests = 0;
    ++used_;
    if (state == State::incomplete) ++incomplete_;
    return entry;
}

ArpCache::Entry* ArpCache::insert(Ipv4Address address) {
    if (free_ == none) forget_gone();
    const auto at = free_;
    Entry& entry = entries_[at];
    free_ = entry.next_in_bucket;
    entry = Entry{};
    entry.address = address;
    auto& head = bucket(address);
    entry.next_in_bucket = head;
    head = at;
    return &entry;
}

// Drops a resolved entry that was not used since the hand last passed.
bool ArpCache::evict(rt::Instant now) {
    for (std::size_t step = 0; step < 2 * entries_.size(); ++step) {
        Entry& entry = entries_[hand_];
        hand_ = (hand_ + 1) % entries_.size();
        if (entry.state != State::resolved) continue;
        if (entry.used) {
            entry.used = false;
            continue;
        }
        drop(entry, now);
        return true;
    }
    return false;
}

// All places beyond `capacity` belong to entries whose end the store has yet to be told: the mirror
// rests, or somebody makes entries faster than it works. The node of one stays in the store.
void ArpCache::forget_gone() {
    const auto gone = std::find_if(entries_.begin(), entries_.end(),
                                   [](const Entry& e) { return e.state == State::gone; });
    release(*gone);
}

void ArpCache::release(Entry& entry) {
    const auto at = static_cast<std::uint16_t>(&entry - entries_.data());
    auto* link = &bucket(entry.address);
    while (*link != at)
        link = &entries_[*link].next_in_bucket;
    *link = entry.next_in_bucket;
    if (entry.dirty) {
        auto* next = &dirty_head_;
        auto before = none;
        while (*next != at) {
            before = *next;
            next = &entries_[*next].next_dirty;
        }
        *next = entry.next_dirty;
        if (dirty_tail_ == at) dirty_tail_ = before;
    }
    entry = Entry{};
    entry.next_in_bucket = free_;
    free_ = at;
}

// An entry ends; its place is kept as long as the store has to be told.
void ArpCache::drop(Entry& entry, rt::Instant now) {
    if (entry.state == State::incomplete) --incomplete_;
    --used_;
    if (!entry.shown) {
        release(entry);
        return;
    }
    entry.state = State::gone;
    mark_dirty(entry, now);
}

const MacAddress* ArpCache::use(Ipv4Address address, rt::Instant now) {
    Entry* entry = lookup(address);
    if (entry == nullptr || entry->state != State::resolved) return nullptr;
    entry->used = true;
    if (now >= entry->expires && entry->requests == 0) ask(*entry, now);
    return &entry->mac;
}

ArpCache::Resolution ArpCache::resolve(Ipv4Address address, rt::Instant now) {
    if (const auto* mac = use(address, now)) return {mac, false};
    Entry* entry = lookup(address);
    if (entry != nullptr && entry->state == State::incomplete) return {nullptr, true};
    if (incomplete_ >= options_.incomplete_max) return {};
    entry = claim(address, State::incomplete, now);
    if (entry == nullptr) return {};
    ask(*entry, now);
    return {nullptr, true};
}

// The known holder is asked twice before everybody is (RFC 1122 section 2.3.2.1 (2)).
void ArpCache::ask(Entry& entry, rt::Instant now) {
    const bool known = entry.state == State::resolved && entry.requests + 1 < requests_max;
    ++entry.requests;
    set_due(entry, now + request_interval);
    link_.request(entry.address, known ? &entry.mac : nullptr);
}

void ArpCache::set_due(Entry& entry, rt::Instant due) {
    entry.due = due;
    due_ = std::min(due_, due);
}

void ArpCache::learn(Ipv4Address address, const MacAddress& mac, bool create, rt::Instant now) {
    Entry* entry = lookup(address);
    if (entry == nullptr || entry->state == State::gone) {
        if (!create) return;
        entry = claim(address, State::resolved, now);
        if (entry == nullptr) return;
    }
    confirm(*entry, mac, now + options_.lifetime, now);
}

void ArpCache::confirm(Entry& entry, const MacAddress& mac, rt::Instant expires, rt::Instant now) {
    const bool was_asked = entry.state == State::incomplete;
    if (was_asked) --incomplete_;
    entry.state = State::resolved;
    entry.mac = mac;
    entry.expires = expires;
    entry.requests = 0;
    set_due(entry, expires + options_.lifetime);
    const auto off = std::max(expires - entry.shown_expires, entry.shown_expires - expires);
    if (!entry.refused && (!entry.shown || entry.shown->mac != mac || off >= options_.lifetime / 2))
        mark_dirty(entry, now);
    if (was_asked) link_.resolved(entry.address, entry.mac, now);
}

rt::Instant ArpCache::run(rt::Instant now) {
    if (now < due_) return due_;
    due_ = rt::Instant::never();
    for (auto& entry : entries_) {
        if (entry.state != State::incomplete && entry.state != State::resolved) continue;
        if (now < entry.due) {
            due_ = std::min(due_, entry.due);
        } else if (entry.requests > 0 && entry.requests < requests_max) {
            ask(entry, now);
        } else {
            const Ipv4Address address = entry.address;
            const bool asked = entry.state == State::incomplete;
            drop(entry, now);
            if (asked) link_.unresolved(address);
        }
    }
    return due_;
}

void ArpCache::mark_dirty(Entry& entry, rt::Instant now) {
    if (entry.dirty) return;
    entry.dirty = true;
    entry.dirty_since = now;
    entry.next_dirty = none;
    const auto at = static_cast<std::uint16_t>(&entry - entries_.data());
    (dirty_tail_ == none ? dirty_head_ : entries_[dirty_tail_].next_dirty) = at;
    dirty_tail_ = at;
}

std::optional<ArpChange> ArpCache::next_change(rt::Instant now, rt::UtcSeconds utc) {
    while (dirty_head_ != none) {
        Entry& entry = entries_[dirty_head_];
        dirty_head_ = entry.next_dirty;
        if (dirty_head_ == none) dirty_tail_ = none;
        entry.dirty = false;
        ArpChange change{entry.address, entry.shown, std::nullopt, entry.dirty_since};
        if (entry.state == State::resolved) {
            entry.shown = {entry.mac, {utc.seconds + (entry.expires - now).whole_seconds()}};
            entry.shown_expires = entry.expires;
            change.now_shown = entry.shown;
            return change;
        }
        entry.shown.reset();
        if (entry.state == State::gone) release(entry);
        if (change.before) return change;
    }
    return std::nullopt;
}

void ArpCache::refused(Ipv4Address address) {
    Entry* entry = lookup(address);
    if (entry == nullptr) return;
    entry->shown.reset();
    if (entry->state == State::gone)
        release(*entry);
    else
        entry->refused = true;
}

void ArpCache::retry_refused(std::size_t count, rt::Instant now) {
    for (auto& entry : entries_) {
        if (count == 0) return;
        if (!entry.refused) continue;
        entry.refused = false;
        if (entry.state != State::resolved) continue;
        mark_dirty(entry, now);
        --count;
    }
}

std::optional<ShownArpEntry> ArpCache::shown(Ipv4Address address) const {
    const auto at = index_of(address);
    return at == none ? std::nullopt : entries_[at].shown;
}

std::optional<Ipv4Address> ArpCache::next_shown(std::size_t& cursor) const {
    while (cursor < entries_.size()) {
        const Entry& entry = entries_[cursor++];
        if (entry.shown) return entry.address;
    }
    return std::nullopt;
}

bool ArpCache::set_from_store(Ipv4Address address, const ShownArpEntry& shown, rt::Instant now,
                              rt::UtcSeconds utc) {
    if (shown.expiry <= utc) return false;
    Entry* entry = claim(address, State::resolved, now);
    if (entry == nullptr) return false;
    // first, so that confirm() finds nothing to tell the store
    const auto left = std::min(shown.expiry.seconds, utc.seconds + life_max_seconds) - utc.seconds;
    entry->refused = false;
    entry->shown = shown;
    entry->shown_expires = now + rt::Duration::seconds(left);
    confirm(*entry, shown.mac, entry->shown_expires, now);
    return true;
}

bool ArpCache::restore(Ipv4Address address, const ShownArpEntry& shown, rt::Instant now,
                       rt::UtcSeconds utc) {
    if (!set_from_store(address, shown, now, utc)) return false;
    Entry& entry = *lookup(address);
    entry.shown.reset();
    mark_dirty(entry, now);
    return true;
}

void ArpCache::remove_from_store(Ipv4Address address) {
    Entry* entry = lookup(address);
    if (entry == nullptr) return;
    entry->shown.reset();
    if (entry->state == State::incomplete) return;
    if (entry->state == State::resolved) --used_;
    release(*entry);
}

void ArpCache::correct_store(Ipv4Address address, rt::Instant now) {
    Entry* entry = lookup(address);
    if (entry == nullptr) {
        entry = insert(address);
        entry->state = State::gone;
    }
    // something stands there, so that next_change() has a change to tell
    if (!entry->shown) entry->shown = ShownArpEntry{};
    mark_dirty(*entry, now);
}

}  // namespace stemma::net
