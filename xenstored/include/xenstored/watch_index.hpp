#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "xenstored/connection_id.hpp"

namespace stemma::xenstored {

// One registered watch.
struct Watch {
    std::uint64_t sequence = 0;  // order of creation among all watches
    ConnectionId connection;
    std::string path;  // canonical: "/..." or "@..."
    std::string token;
    // Length of the home path before a watch given relatively ("/local/domain/5"); its events
    // carry their path without it. 0 for an absolute watch.
    std::size_t home_length = 0;
    // How many levels below its path it reports (WATCH's third argument, Xen 4.22); -1: all.
    int depth = -1;

    // The path an event about `changed` carries; `changed` is this watch's path or lies below it.
    std::string_view event_path(std::string_view changed) const;
};

// All watches, found by path: the cost of an event depends on the depth of its path and on the
// watches that match, not on how many others there are. Bounded by the watch quota of each
// unprivileged domain; privileged clients are trusted.
class WatchIndex {
  public:
    WatchIndex() = default;
    WatchIndex(const WatchIndex&) = delete;
    WatchIndex& operator=(const WatchIndex&) = delete;

    // Registers a watch; nullptr if this connection has one with this path and token already.
    // The pointer is good until the watch is removed.
    const Watch* add(ConnectionId connection, std::string_view path, std::string_view token,
                     std::size_t home_length, int depth = -1);
    // False if there was none.
    bool remove(ConnectionId connection, std::string_view path, std::string_view token);
    void remove_all(ConnectionId connection);

    // Appends the watches at `path` or at one of its ancestors that reach as deep (at_or_above), or
    // at `path` alone (exact), oldest first. A special path "@x" has no ancestors.
    enum class Match { at_or_above, exact };
    void collect(std::string_view path, Match match, std::vector<const Watch*>& found) const;

    // The watches of one connection in the order of their creation.
    template <class Visit>
    void for_each(ConnectionId connection, Visit visit) const {
        const auto own = by_connection_.find(connection);
        if (own == by_connection_.end()) return;
        for (const Watch* watch : own->second.watches)
            visit(*watch);
    }

    std::size_t count(ConnectionId connection) const;
    // Lengths of the paths and tokens of its watches: what C counts towards the quota memory.
    std::size_t bytes(ConnectionId connection) const;
    std::size_t size() const { return size_; }

  private:
    struct Hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const noexcept {
            return std::hash<std::string_view>{}(text);
        }
    };
    using ByPath =
        std::unordered_map<std::string, std::vector<std::unique_ptr<Watch>>, Hash, std::equal_to<>>;

    struct Own {
        std::vector<Watch*> watches;
        std::size_t bytes = 0;
    };

    void erase_from_path(const Watch* watch);

    ByPath by_path_;
    std::unordered_map<ConnectionId, Own> by_connection_;
    std::uint64_t next_sequence_ = 1;
    std::size_t size_ = 0;
};

}  // namespace stemma::xenstored
