#pragma once

#include <cstdint>
#include <span>

namespace stemma::hosted {

// Linux hands a frame from a local sender over with a TCP or UDP checksum that holds the pseudo
// header's sum alone, for a network card to complete (TP_STATUS_CSUMNOTREADY of linux/if_packet.h).
// Completes it in place. False for what this cannot judge: not IPv4, a fragment, another protocol,
// a header cut short; the frame is then unchanged.
bool complete_checksum(std::span<std::uint8_t> frame);

}  // namespace stemma::hosted
