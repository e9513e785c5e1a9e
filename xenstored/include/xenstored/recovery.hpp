#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>

#include "xenstored/state.hpp"

namespace stemma::xenstored {

// What a daemon that was killed left in its restart log.
struct Recovered {
    State state;  // its sockets have no descriptors yet
    std::uint64_t frames = 0;
    std::uint64_t bytes = 0;
    bool torn = false;  // the last entry was not whole: nothing came of it
};

// The newest whole checkpoint in the directory and what the segments after it say. Nothing where
// there is no log, or only one of an earlier boot of the host. The error: there is one, but it
// cannot be used, and why.
std::expected<std::optional<Recovered>, std::string> recover(const std::string& directory);

}  // namespace stemma::xenstored
