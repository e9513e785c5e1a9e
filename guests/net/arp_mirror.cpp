#include "net/arp_mirror.hpp"

#include <algorithm>
#include <charconv>

#include "net/text.hpp"
#include "xs_wire/name_codec.hpp"
#include "xs_wire/path.hpp"

namespace stemma::net {

namespace {

void append_number(std::string& text, std::int64_t number) {
    char digits[20];
    text.append(digits, std::to_chars(digits, digits + sizeof digits, number).ptr);
}

std::string to_path(const Interface& interface, Ipv4Address address) {
    std::string path;
    append_number(path, interface.vif());
    path += '/';
    path += xs::encode_ipv4(address.value);
    return path;
}

std::string to_value(const ShownArpEntry& entry) {
    std::string value(to_text(entry.mac).view());
    value += ' ';
    append_number(value, entry.expiry.seconds);
    return value;
}

std::optional<ShownArpEntry> parse_value(std::string_view value) {
    const auto blank = value.find(' ');
    if (blank == std::string_view::npos) return std::nullopt;
    const auto mac = parse_mac(value.substr(0, blank));
    const auto expiry = parse_number(value.substr(blank + 1), INT64_MAX);
    if (!mac || mac->is_group() || !expiry) return std::nullopt;
    return ShownArpEntry{*mac, {static_cast<std::int64_t>(*expiry)}};
}

}  // namespace

std::optional<ArpMirror::Place> ArpMirror::find(std::string_view path) const {
    const auto slash = path.find('/');
    if (slash == std::string_view::npos) return std::nullopt;
    const auto vif = parse_number(path.substr(0, slash), 255);
    const auto address = xs::decode_ipv4(path.substr(slash + 1));
    if (!vif || !address) return std::nullopt;
    const auto found = std::find_if(interfaces_.begin(), interfaces_.end(),
                                    [&](const Interface* i) { return i->vif() == *vif; });
    if (found == interfaces_.end()) return std::nullopt;
    return Place{*found, {*address}};
}

bool ArpMirror::restore(std::string_view path, std::string_view value) {
    const auto place = find(path);
    const auto entry = parse_value(value);
    if (!place || !entry || !place->interface->network().contains(place->address)) return false;
    return place->interface->arp().restore(place->address, *entry, clock_.now(), clock_.utc());
}

bool ArpMirror::has_changes() const {
    return std::any_of(interfaces_.begin(), interfaces_.end(),
                       [](Interface* i) { return i->arp().has_changes(); });
}

bool ArpMirror::next(rt::MirrorChange& change) {
    for (auto* interface : interfaces_) {
        const auto next = interface->arp().next_change(clock_.now(), clock_.utc());
        if (!next) continue;
        using Kind = rt::MirrorChange::Kind;
        change.entry = std::uint64_t{interface->vif()} << 32 | next->address.value;
        change.kind = !next->now_shown ? Kind::remove : next->before ? Kind::update : Kind::insert;
        change.dirty_since = next->dirty_since;
        change.path = to_path(*interface, next->address);
        if (next->now_shown) change.value = to_value(*next->now_shown);
        return true;
    }
    return false;
}

void ArpMirror::refused(const rt::MirrorChange& change) {
    const auto place = find(change.path);
    if (place) place->interface->arp().refused(place->address);
}

void ArpMirror::retry_refused(std::size_t count) {
    for (auto* interface : interfaces_)
        interface->arp().retry_refused(count, clock_.now());
}

rt::MirrorSource::Held ArpMirror::held(std::string_view path, std::string& value) const {
    const auto place = find(path);
    if (!place) return Held::not_an_entry;
    const auto shown = place->interface->arp().shown(place->address);
    if (!shown) return Held::absent;
    value = to_value(*shown);
    return Held::present;
}

bool ArpMirror::next_below(std::string_view directory, std::uint64_t& cursor,
                           std::string& path) const {
    // the interface's place in the list above, the cache's own cursor below
    for (auto at = cursor >> 32; at < interfaces_.size(); ++at) {
        auto below = at == cursor >> 32 ? std::size_t{cursor & 0xffffffff} : 0;
        while (const auto address = interfaces_[at]->arp().next_shown(below)) {
            cursor = at << 32 | below;
            path = to_path(*interfaces_[at], *address);
            if (directory.empty() || xs::is_same_or_below(path, directory)) return true;
        }
    }
    return false;
}

void ArpMirror::foreign(std::string_view path, std::optional<std::string_view> value) {
    const auto place = find(path);
    if (!place) return;
    auto& arp = place->interface->arp();
    if (!value) return arp.remove_from_store(place->address);
    const auto entry = parse_value(*value);
    if (entry && arp.set_from_store(place->address, *entry, clock_.now(), clock_.utc())) return;
    arp.correct_store(place->address, clock_.now());
}

}  // namespace stemma::net
