#include <algorithm>

#include "nat/mapping_mirror.hpp"

namespace stemma::nat {

namespace {

// A directory above those of ports: a protocol and the first bytes of an address, or less.
struct Prefix {
    std::optional<Protocol> protocol;
    net::Ipv4Interface network{{}, 0};

    bool holds(const InsideEndpoint& inside) const {
        return !protocol || (*protocol == inside.protocol && network.contains(inside.address));
    }
};

std::optional<Prefix> parse_prefix(std::string_view directory) {
    Prefix prefix;
    for (bool first = true; !directory.empty(); first = false) {
        const auto slash = directory.find('/');
        const auto word = directory.substr(0, slash);
        directory.remove_prefix(slash == std::string_view::npos ? directory.size() : slash + 1);
        if (first) {
            prefix.protocol = parse_protocol(word);
            if (!prefix.protocol) return std::nullopt;
            continue;
        }
        const auto byte = net::parse_number(word, 255);
        auto& network = prefix.network;
        if (!byte || network.prefix_length == 32) return std::nullopt;
        network.prefix_length = static_cast<std::uint8_t>(network.prefix_length + 8);
        network.address.value |= static_cast<std::uint32_t>(*byte) << (32 - network.prefix_length);
    }
    return prefix;
}

}  // namespace

bool MappingMirror::is_inside_host(net::Ipv4Address address) const {
    const auto& network = options_.inside;
    if (!network.contains(address) || address == network.address) return false;
    return network.prefix_length >= 31 ||
           (address != network.broadcast() && address.value != (address.value & network.mask()));
}

bool MappingMirror::has_passed(const Leaf& leaf) const {
    return leaf.state != LeafState::made_static && leaf.expiry <= utc_.seconds;
}

std::expected<MappingId, FlowRefusal> MappingMirror::adopt(const InsideEndpoint& inside,
                                                           const Leaf& leaf) {
    const std::int64_t deadline = std::int64_t{tick_} + leaf.expiry - utc_.seconds;
    return table_.adopt(
        {.inside = inside,
         .outside_port = leaf.outside_port,
         .is_static = leaf.state == LeafState::made_static,
         .remote = leaf.remote,
         .state = tcp_state(leaf.state),
         .deadline = static_cast<Tick>(std::clamp<std::int64_t>(deadline, 0, tick_never - 1))},
        tick_);
}

bool MappingMirror::restore(std::string_view path, std::string_view value) {
    const auto inside = parse_path(path);
    const auto leaf =
        inside ? parse_value(value, inside->protocol, options_.outside) : std::nullopt;
    const bool restored = leaf && is_inside_host(inside->address) && !has_passed(*leaf) &&
                          adopt(*inside, *leaf).has_value();
    ++(restored ? counters_.restored : counters_.restore_skipped);
    return restored;
}

rt::MirrorSource::Held MappingMirror::held(std::string_view path, std::string& value) const {
    const auto inside = parse_path(path);
    if (!inside) {
        // A directory that went with its last leaf is looked at like a leaf that has gone.
        const auto range = parse_range_path(path);
        return range && !any_shown_in_range(*range) ? Held::absent : Held::not_an_entry;
    }
    const std::uint32_t record = find_shown(*inside);
    if (record == no_flow) return Held::absent;
    value.clear();
    write_value(value, options_.outside, records_[record].leaf);
    return Held::present;
}

bool MappingMirror::next_below(std::string_view directory, std::uint64_t& cursor,
                               std::string& path) const {
    path.clear();
    // Up to 200 ports, or one: each is looked up. The cursor is one past the last port seen.
    const auto leaf = parse_path(directory);
    if (const auto range = leaf ? leaf : parse_range_path(directory)) {
        const std::uint32_t end = range->port + (leaf ? 1u : std::uint32_t{ports_per_directory});
        std::uint64_t port = std::max<std::uint64_t>(cursor, range->port);
        for (; port < std::min(end, 65536u); ++port) {
            const InsideEndpoint inside{range->address, static_cast<std::uint16_t>(port),
                                        range->protocol};
            if (find_shown(inside) == no_flow) continue;
            write_path(path, inside);
            cursor = port + 1;
            return true;
        }
        cursor = port;
        return false;
    }
    const auto prefix = parse_prefix(directory);
    if (!prefix) return false;
    for (; cursor < table_.mapping_capacity(); ++cursor) {
        const Record& record = records_[cursor];
        if (!record.shown || !prefix->holds(record.key)) continue;
        write_path(path, record.key);
        ++cursor;
        return true;
    }
    return false;
}

void MappingMirror::complain(std::string_view path, std::string_view why) {
    if (!complaints_.take(now_)) return;
    std::string line("nat: data/net/nat/");
    line.append(path.substr(0, 64)).append(": ").append(why);
    console_.line(line);
}

void MappingMirror::refuse_foreign(std::string_view path, std::string_view why) {
    ++counters_.foreign_refused;
    complain(path, why);
}

void MappingMirror::foreign(std::string_view path, std::optional<std::string_view> value) {
    const auto inside = parse_path(path);
    if (!inside) return;  // a directory, which may well be there
    if (!value) return foreign_removal(*inside);
    const auto leaf = parse_value(*value, inside->protocol, options_.outside);
    if (!leaf) {
        ++counters_.foreign_malformed;
        complain(path, "not a mapping of this address, ignored");
        const std::uint32_t record = find_shown(*inside);
        if (record != no_flow) correct(record);
        return;
    }
    foreign_leaf(path, *inside, *leaf);
}

void MappingMirror::foreign_removal(const InsideEndpoint& inside) {
    const std::uint32_t record = find_shown(inside);
    if (record != no_flow) unshow(record);
    const MappingId id = table_.find_inside(inside);
    if (id == no_flow) return;
    ++counters_.foreign_removed;
    table_.remove(id);
}

void MappingMirror::show_foreign(std::uint32_t record, const InsideEndpoint& inside,
                                 const Leaf& leaf) {
    // While the slot's former leaf waits for its removal, the new one waits to be written.
    if (records_[record].shown && records_[record].key != inside) return;
    show(record, inside, leaf);
}

void MappingMirror::foreign_leaf(std::string_view path, const InsideEndpoint& inside,
                                 const Leaf& leaf) {
    const MappingId id = table_.find_inside(inside);
    if (has_passed(leaf)) {
        if (id == no_flow) return refuse_foreign(path, "has expired, ignored");
        show_foreign(id, inside, leaf);
        ++counters_.foreign_removed;
        return table_.remove(id);
    }
    if (id != no_flow) {
        std::optional<Leaf> before;
        if (shows_live_mapping(id)) before = records_[id].leaf;
        show_foreign(id, inside, leaf);
        ++counters_.foreign_changed;
        apply(path, id, before, leaf);
        return;
    }
    if (!is_inside_host(inside.address)) return refuse_foreign(path, "not an inside host, ignored");
    const auto adopted = adopt(inside, leaf);
    if (!adopted)
        return refuse_foreign(path, adopted.error() == FlowRefusal::no_port
                                        ? "outside port taken, ignored"
                                        : "no room for the mapping, ignored");
    ++counters_.foreign_added;
    show_foreign(*adopted, inside, leaf);
}

void MappingMirror::apply(std::string_view path, MappingId id, const std::optional<Leaf>& before,
                          const Leaf& leaf) {
    const InsideEndpoint inside = table_.mapping(id).inside;
    const bool is_static = leaf.state == LeafState::made_static;
    if (table_.mapping(id).is_static != is_static) {
        // Its sessions end with it; those that still speak are opened again by their packets.
        table_.remove(id);
        const auto adopted = adopt(inside, leaf);
        if (!adopted) return refuse_foreign(path, "outside port taken, mapping removed");
        return show_foreign(*adopted, inside, leaf);
    }
    if (leaf.outside_port != table_.mapping(id).outside_port &&
        !table_.move(id, leaf.outside_port)) {
        refuse_foreign(path, "outside port taken, put back");
        correct(id);
    }
    if (!is_static && (!before || before->expiry != leaf.expiry)) {
        const std::int64_t deadline = std::int64_t{tick_} + leaf.expiry - utc_.seconds;
        table_.set_deadline(
            id, static_cast<Tick>(std::clamp<std::int64_t>(deadline, 0, tick_never - 1)));
    }
    mapping_changed(id);
}

}  // namespace stemma::nat
