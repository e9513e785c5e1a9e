#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>

namespace stemma::xenstored {

// Names a connection for as long as the daemon runs; never given twice, so that an event or a
// deferred reply cannot reach a connection that merely took the place of the one meant.
struct ConnectionId {
    std::uint64_t value = 0;

    auto operator<=>(const ConnectionId&) const = default;
};

}  // namespace stemma::xenstored

template <>
struct std::hash<stemma::xenstored::ConnectionId> {
    std::size_t operator()(stemma::xenstored::ConnectionId id) const noexcept { return id.value; }
};
