#pragma once

#include <cstdint>

namespace stemma::xenstored {

// How far the daemon has come in a domain's ring: the two indexes that are its own to move. The
// restart log has them before the page does.
struct RingIndexes {
    std::uint32_t request_consumer = 0;
    std::uint32_t reply_producer = 0;
    // All four indexes are to be set to 0, for a new start; whether that was done is not known.
    bool anew = false;

    bool operator==(const RingIndexes&) const = default;
};

}  // namespace stemma::xenstored
