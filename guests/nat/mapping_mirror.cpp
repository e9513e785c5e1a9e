#include "nat/mapping_mirror.hpp"

#include <algorithm>
#include <cstdlib>

namespace stemma::nat {

namespace {

// Sessions of a mapping that are looked at from either end of its list to describe it: the cost is
// bounded, and the newest are there, which end last.
constexpr int sessions_viewed = 4;

// What no mapping looks like.
constexpr Leaf no_leaf{{}, 0, 0, LeafState::made_static};

int rank(TcpState state) {
    if (is_established(state)) return 2;
    return state == TcpState::closed || state == TcpState::reset ? 0 : 1;
}

InsideEndpoint range_of(InsideEndpoint inside) {
    inside.port =
        static_cast<std::uint16_t>(inside.port / ports_per_directory * ports_per_directory);
    return inside;
}

// Calls `f` for each endpoint of a directory of ports, until it returns true.
template <typename F>
bool any_in_range(const InsideEndpoint& range, F f) {
    for (std::uint32_t port = range.port;
         port < range.port + std::uint32_t{ports_per_directory} && port < 65536; ++port) {
        if (f(InsideEndpoint{range.address, static_cast<std::uint16_t>(port), range.protocol}))
            return true;
    }
    return false;
}

}  // namespace

MappingMirror::MappingMirror(FlowTable& table, const MappingMirrorOptions& options,
                             rt::Entropy& entropy, rt::Console& console)
    : table_(table),
      options_(options),
      console_(console),
      key_{entropy.get<std::uint64_t>(), entropy.get<std::uint64_t>()},
      shown_(table.mapping_capacity()),
      records_(table.mapping_capacity()) {}

void MappingMirror::set_now(rt::Instant now, Tick tick, rt::UtcSeconds utc) {
    now_ = now;
    tick_ = tick;
    utc_ = utc;
}

void MappingMirror::append(List& list, Place place, std::uint32_t record) {
    records_[record].place = place;
    records_[record].next = no_flow;
    (list.tail != no_flow ? records_[list.tail].next : list.head) = record;
    list.tail = record;
}

std::uint32_t MappingMirror::take_first(List& list) {
    const std::uint32_t record = list.head;
    list.head = records_[record].next;
    if (list.head == no_flow) list.tail = no_flow;
    records_[record].place = Place::none;
    return record;
}

void MappingMirror::mark_dirty(std::uint32_t record) {
    if (records_[record].place != Place::none) return;
    records_[record].dirty_since = now_;
    append(dirty_, Place::dirty, record);
}

std::uint64_t MappingMirror::hash(const InsideEndpoint& inside) const {
    return TableHash::of(
        key_, inside.address.value,
        std::uint64_t{inside.port} << 8 | static_cast<std::uint64_t>(inside.protocol));
}

std::uint32_t MappingMirror::find_shown(const InsideEndpoint& inside) const {
    return shown_.find(hash(inside),
                       [&](std::uint32_t record) { return records_[record].key == inside; });
}

void MappingMirror::show(std::uint32_t record, const InsideEndpoint& key, const Leaf& leaf) {
    Record& entry = records_[record];
    entry.leaf = leaf;
    if (entry.shown) return;
    // A record whose mapping had the same key and ended has nothing left to remove.
    const std::uint32_t former = find_shown(key);
    if (former != no_flow) unshow(former);
    entry.key = key;
    entry.shown = true;
    shown_.insert(hash(key), record);
}

void MappingMirror::unshow(std::uint32_t record) {
    shown_.remove(hash(records_[record].key), record);
    records_[record].shown = false;
}

bool MappingMirror::shows_live_mapping(std::uint32_t record) const {
    const Mapping& mapping = table_.mapping(record);
    return records_[record].shown && mapping.live && mapping.inside == records_[record].key;
}

bool MappingMirror::any_shown_in_range(const InsideEndpoint& range) const {
    return any_in_range(
        range, [&](const InsideEndpoint& inside) { return find_shown(inside) != no_flow; });
}

bool MappingMirror::any_live_in_range(const InsideEndpoint& range) const {
    return any_in_range(
        range, [&](const InsideEndpoint& inside) { return table_.find_inside(inside) != no_flow; });
}

MappingMirror::View MappingMirror::view(MappingId id) const {
    const Mapping& mapping = table_.mapping(id);
    View result;
    result.leaf.outside_port = mapping.outside_port;
    if (mapping.is_static) {
        result.leaf.state = LeafState::made_static;
        result.leaf.expiry = records_[id].shown ? records_[id].leaf.expiry : 0xffffffff;
        return result;
    }
    const Session* best = nullptr;
    Tick deadline = 0;
    const auto look_at = [&](const Session& session) {
        deadline = std::max(deadline, session.deadline);
        if (best == nullptr || rank(session.state) > rank(best->state)) best = &session;
    };
    SessionId at = mapping.oldest_session;
    for (int i = 0; i < sessions_viewed && at != no_flow; ++i, at = table_.session(at).newer)
        look_at(table_.session(at));
    at = mapping.newest_session;
    for (int i = 0; i < sessions_viewed && at != no_flow; ++i, at = table_.session(at).older)
        look_at(table_.session(at));
    result.leaf.state = leaf_state(mapping.inside.protocol, best->state);
    result.leaf.remote = best->remote;
    result.timeout = table_.options().timeouts.of(mapping.inside.protocol, best->state);
    const std::int64_t expiry = utc_.seconds + (std::int64_t{deadline} - tick_);
    result.leaf.expiry =
        static_cast<std::uint32_t>(std::clamp<std::int64_t>(expiry, 0, 0xffffffff));
    return result;
}

bool MappingMirror::is_stale(const Leaf& shown, const View& current) const {
    if (shown.outside_port != current.leaf.outside_port || shown.state != current.leaf.state ||
        shown.remote != current.leaf.remote)
        return true;
    const std::int64_t later = std::int64_t{current.leaf.expiry} - shown.expiry;
    if (std::abs(later) * 2 >= current.timeout && later != 0) return true;
    const std::int64_t next_check = utc_.seconds + current.timeout / FlowTable::checks_per_timeout;
    return later > 0 && shown.expiry <= next_check + 2;
}

void MappingMirror::mapping_added(MappingId id) {
    // In another list its turn comes there: after the removal of the slot's former leaf, or, when
    // its former mapping died young, up to twice as late.
    if (records_[id].place == Place::none) append(young_, Place::young, id);
    if (records_[id].place == Place::young) records_[id].dirty_since = now_;
}

void MappingMirror::mapping_changed(MappingId id) {
    if (records_[id].place == Place::none && shows_live_mapping(id) &&
        is_stale(records_[id].leaf, view(id)))
        mark_dirty(id);
}

void MappingMirror::mapping_removed(MappingId id) {
    if (records_[id].refused) {
        records_[id].refused = false;
        --refused_count_;
    }
    if (records_[id].shown) mark_dirty(id);
}

rt::Instant MappingMirror::run() {
    while (young_.head != no_flow) {
        Record& record = records_[young_.head];
        if (record.dirty_since + options_.age > now_) return record.dirty_since + options_.age;
        append(dirty_, Place::dirty, take_first(young_));
    }
    return rt::Instant::never();
}

bool MappingMirror::next(rt::MirrorChange& change) {
    while (has_changes()) {
        const std::uint32_t record = take_first(dirty_);
        change.entry = record;
        change.dirty_since = records_[record].dirty_since;
        if (records_[record].shown && !shows_live_mapping(record)) {
            take_removal(record, change);
            // The slot's new mapping, if there is one, has its turn next.
            if (table_.mapping(record).live) append(dirty_, Place::dirty, record);
            return true;
        }
        if (table_.mapping(record).live && take_mapping(record, change)) return true;
    }
    return false;
}

void MappingMirror::take_removal(std::uint32_t record, rt::MirrorChange& change) {
    const InsideEndpoint key = records_[record].key;
    const InsideEndpoint range = range_of(key);
    change.kind = rt::MirrorChange::Kind::remove;
    unshow(record);
    if (any_live_in_range(range)) return write_path(change.path, key);
    // What is shown there still has ended as well.
    any_in_range(range, [&](const InsideEndpoint& inside) {
        const std::uint32_t other = find_shown(inside);
        if (other != no_flow) unshow(other);
        return false;
    });
    write_range_path(change.path, key);
}

bool MappingMirror::take_mapping(std::uint32_t record, rt::MirrorChange& change) {
    Record& entry = records_[record];
    const InsideEndpoint inside = table_.mapping(record).inside;
    const View now = view(record);
    if (entry.shown && !is_stale(entry.leaf, now)) return false;
    const bool there = entry.shown || find_shown(inside) != no_flow;
    change.kind = there ? rt::MirrorChange::Kind::update : rt::MirrorChange::Kind::insert;
    show(record, inside, now.leaf);
    if (entry.refused) {
        entry.refused = false;
        --refused_count_;
    }
    write_path(change.path, inside);
    write_value(change.value, options_.outside, now.leaf);
    return true;
}

void MappingMirror::correct(std::uint32_t record) {
    records_[record].leaf = no_leaf;
    mark_dirty(record);
}

void MappingMirror::refused(const rt::MirrorChange& change) {
    const auto record = static_cast<std::uint32_t>(change.entry);
    Record& entry = records_[record];
    const auto key = parse_path(change.path);
    if (!entry.shown || !key || *key != entry.key) return;
    const bool lives = shows_live_mapping(record);
    if (change.kind == rt::MirrorChange::Kind::insert)
        unshow(record);
    else
        entry.leaf = no_leaf;
    if (!lives || entry.place != Place::none || entry.refused) return;
    entry.refused = true;
    ++refused_count_;
}

void MappingMirror::retry_refused(std::size_t count) {
    for (std::uint32_t i = 0; i < table_.mapping_capacity() && refused_count_ > 0 && count > 0;
         ++i) {
        retry_hand_ = (retry_hand_ + 1) % table_.mapping_capacity();
        Record& record = records_[retry_hand_];
        if (!record.refused) continue;
        record.refused = false;
        --refused_count_;
        --count;
        mark_dirty(retry_hand_);
    }
}

}  // namespace stemma::nat
