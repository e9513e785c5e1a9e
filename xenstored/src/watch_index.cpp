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
                             std::size_t home_length, int depth) {
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
    watch->depth = depth;
    Watch* const added = watch.get();
    place->second.push_back(std::move(watch));
    Own& own = by_connection_[connection];
    own.watches.push_back(added);
    own.bytes += path.size() + token.size();
    ++size_;
    return added;
}

bool WatchIndex::remove(ConnectionId connection, std::string_view path, std::string_view token) {
    const auto own = by_connection_.find(connection);
    if (own == by_connection_.end()) return false;
    const auto match = std::ranges::find_if(own->second.watches, [&](const Watch* watch) {
        return watch->path == path && watch->token == token;
    });
    if (match == own->second.watches.end()) return false;
    const Watch* const watch = *match;
    own->second.watches.erase(match);
    own->second.bytes -= path.size() + token.size();
    if (own->second.watches.empty()) by_connection_.erase(own);
    erase_from_path(watch);
    return true;
}

void WatchIndex::remove_all(ConnectionId connection) {
    const auto own = by_connection_.find(connection);
    if (own == by_connection_.end()) return;
    for (const Watch* watch : own->second.watches)
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
    const auto append = [&](std::string_view at, int levels) {
        const auto place = by_path_.find(at);
        if (place == by_path_.end()) return;
        for (const auto& watch : place->second) {
            if (watch->depth < 0 || watch->depth >= levels) found.push_back(watch.get());
        }
    };
    append(path, 0);
    if (match == Match::at_or_above && path.size() > 1 && path.front() == '/') {
        int levels = 1;
        for (auto slash = path.rfind('/'); slash != 0; slash = path.rfind('/', slash - 1))
            append(path.substr(0, slash), levels++);
        append("/", levels);
    }
    std::ranges::sort(found.begin() + static_cast<std::ptrdiff_t>(first), found.end(), {},
                      &Watch::sequence);
}

std::size_t WatchIndex::count(ConnectionId connection) const {
    const auto own = by_connection_.find(connection);
    return own == by_connection_.end() ? 0 : own->second.watches.size();
}

std::size_t WatchIndex::bytes(ConnectionId connection) const {
    const auto own = by_connection_.find(connection);
    return own == by_connection_.end() ? 0 : own->second.bytes;
}

}  // namespace stemma::xenstored
