#include "nat/fragment_cache.hpp"

#include <algorithm>

namespace stemma::nat {

FragmentCache::FragmentCache()
    : rooms_memory_(std::make_unique<std::array<Room, 2>>()), rooms_(*rooms_memory_) {}

void FragmentCache::drop_held(Room& room, std::uint8_t datagram) {
    for (Held& held : room.held) {
        if (held.datagram == datagram) held.datagram = nobody;
    }
    room.datagrams[datagram].held = 0;
}

std::uint8_t FragmentCache::entry(const Key& key, rt::Instant now) {
    Room& place = room(key.from);
    std::size_t oldest = 0;
    for (std::size_t i = 0; i < datagrams_per_side; ++i) {
        Datagram& datagram = place.datagrams[i];
        if (datagram.state != State::unused && datagram.expires <= now) {
            drop_held(place, static_cast<std::uint8_t>(i));
            datagram.state = State::unused;
            datagram.expires = {INT64_MIN};
        }
        if (datagram.state != State::unused && datagram.key == key)
            return static_cast<std::uint8_t>(i);
        if (datagram.expires < place.datagrams[oldest].expires) oldest = i;
    }
    const auto index = static_cast<std::uint8_t>(oldest);
    drop_held(place, index);
    if (released_ == index && released_side_ == key.from) released_ = nobody;
    place.datagrams[index] = {State::waiting, 0, key, {}, now + lifetime};
    return index;
}

FragmentCache::Decision FragmentCache::later_fragment(const Key& key,
                                                      std::span<const std::uint8_t> packet,
                                                      rt::Instant now) {
    const std::uint8_t index = entry(key, now);
    Room& place = room(key.from);
    Datagram& datagram = place.datagrams[index];
    if (datagram.state == State::forward) return {Fate::forward, datagram.rewrite};
    if (datagram.state == State::dropped || datagram.held == held_per_datagram ||
        packet.size() > held_bytes)
        return {};
    const auto free = std::find_if(place.held.begin(), place.held.end(),
                                   [](const Held& held) { return held.datagram == nobody; });
    if (free == place.held.end()) return {};
    free->datagram = index;
    free->size = static_cast<std::uint16_t>(packet.size());
    free->order = order_++;
    std::copy(packet.begin(), packet.end(), free->bytes.begin());
    ++datagram.held;
    return {Fate::held, {}};
}

bool FragmentCache::first_forwarded(const Key& key, const Rewrite& rewrite, rt::Instant now) {
    const std::uint8_t index = entry(key, now);
    Datagram& datagram = room(key.from).datagrams[index];
    datagram.state = State::forward;
    datagram.rewrite = rewrite;
    released_ = datagram.held > 0 ? index : nobody;
    released_side_ = key.from;
    return datagram.held > 0;
}

std::size_t FragmentCache::first_dropped(const Key& key, rt::Instant now) {
    const std::uint8_t index = entry(key, now);
    Datagram& datagram = room(key.from).datagrams[index];
    const std::size_t waited = datagram.held;
    drop_held(room(key.from), index);
    datagram.state = State::dropped;
    return waited;
}

std::span<std::uint8_t> FragmentCache::next_released() {
    if (released_ == nobody) return {};
    Room& place = room(released_side_);
    Held* first = nullptr;
    for (Held& held : place.held) {
        if (held.datagram == released_ && (first == nullptr || held.order < first->order))
            first = &held;
    }
    if (first == nullptr) {
        released_ = nobody;
        return {};
    }
    // Its bytes stay until another fragment needs the place.
    first->datagram = nobody;
    --place.datagrams[released_].held;
    return std::span(first->bytes).first(first->size);
}

std::size_t FragmentCache::held() const {
    std::size_t count = 0;
    for (const Room& place : rooms_)
        count += static_cast<std::size_t>(
            std::count_if(place.held.begin(), place.held.end(),
                          [](const Held& held) { return held.datagram != nobody; }));
    return count;
}

}  // namespace stemma::nat
