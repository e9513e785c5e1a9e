#include "xenstored/watch_index.hpp"

#include <algorithm>

namespace stemma::xenstored {

std::string_view Watch::event_path(std::string_view changed) const {
    if (home_length == 0) return changed;
    changed.remove_prefix(home_length);
    if (changed.starts_with('/')) changed.remove_prefix(1);
    return changed;
}

const Watch* WatchIndex::add(ConnectionId connection, std::string_view path, std::string_view token,
                             std::size_t home_length) {
    auto place = by_path_.find(path);
    if (place == by_path_.end()) {
        place = by_path_.emplace(std::string(path), ByPath::mapped_type()).first;
    }
    for (const auto& watch : place->second) {
        if (watch->connection == connection && watch->token == token) return nullptr;
    }
    auto watch = std::make_unique<Watch>();
    watch->sequence = next_sequence_++;
    watch->connection = connection;
    watch->path = path;
    watch->token = token;
    watch->home_length = home_length;
    Watch* const added = watch.get();
    place->second.push_back(std::move(watch));
    by_connection_[connection].push_back(added);
    ++size_;
    return added;
}

bool WatchIndex::remove(ConnectionId connection, std::string_view path, std::string_view token) {
    const auto own = by_connection_.find(connection);
    if (own == by_connection_.end()) return false;
    const auto match = std::ranges::find_if(own->second, [&](const Watch* watch) {
        return watch->path == path && watch->token == token;
    });
    if (match == own->second.end()) return false;
    const Watch* const watch = *match;
    own->second.erase(match);
    if (own->second.empty()) by_connection_.erase(own);
    erase_from_path(watch);
    return true;
}

void WatchIndex::remove_all(ConnectionId connection) {
    const auto own = by_connection_.find(connection);
    if (own == by_connection_.end()) return;
    for (const Watch* watch : own->second)
        erase_from_path(watch);
    by_connection_.erase(own);
}

void WatchIndex::erase_from_path(const Watch* watch) {
    const auto place = by_path_.find(watch->path);
    std::erase_if(place->second, [&](const auto& other) { return other.get() == watch; });
    if (place->second.empty()) by_path_.erase(place);
    --size_;
}

void WatchIndex::collect(std::string_view path, Match match,
                         std::vector<const Watch*>& found) const {
    if (size_ == 0) return;
    const std::size_t first = found.size();
    const auto append = [&](std::string_view at) {
        const auto place = by_path_.find(at);
        if (place == by_path_.end()) return;
        for (const auto& watch : place->second)
            found.push_back(watch.get());
    };
    append(path);
    if (match == Match::at_or_above && path.size() > 1 && path.front() == '/') {
        for (auto slash = path.rfind('/'); slash != 0; slash = path.rfind('/', slash - 1))
            append(path.substr(0, slash));
        append("/");
    }
    std::ranges::sort(found.begin() + static_cast<std::ptrdiff_t>(first), found.end(), {},
                      &Watch::sequence);
}

std::size_t WatchIndex::count(ConnectionId connection) const {
    const auto own = by_connection_.find(connection);
    return own == by_connection_.end() ? 0 : own->second.size();
}

}  // namespace stemma::xenstored
