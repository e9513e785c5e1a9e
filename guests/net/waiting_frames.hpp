#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "net/ipv4_address.hpp"

namespace stemma::net {

// Frames whose next hop's MAC is being asked for (RFC 1122 section 2.3.2.2), in the order they
// came. Bounds: at one next hop's bound its oldest frame goes, since the latest is the one that the
// RFC wants kept; at the bound of all, the new frame does.
class WaitingFrames {
  public:
    static constexpr std::size_t per_hop_max = 16;
    static constexpr std::size_t frames_max = 128;

    enum class Added : std::uint8_t { kept, kept_for_another, refused };

    Added add(Ipv4Address next_hop, std::span<const std::uint8_t> frame) {
        const auto same = [&](const Waiting& w) { return w.next_hop == next_hop; };
        auto added = Added::kept;
        if (std::count_if(waiting_.begin(), waiting_.end(), same) >= std::ptrdiff_t{per_hop_max}) {
            waiting_.erase(std::find_if(waiting_.begin(), waiting_.end(), same));
            added = Added::kept_for_another;
        } else if (waiting_.size() >= frames_max) {
            return Added::refused;
        }
        waiting_.push_back({next_hop, {frame.begin(), frame.end()}});
        return added;
    }

    // Takes those for `next_hop` out, calling `each(std::span<std::uint8_t>)`; how many there were.
    template <typename Each>
    std::size_t take(Ipv4Address next_hop, Each each) {
        std::size_t taken = 0;
        for (auto& waiting : waiting_) {
            if (waiting.next_hop != next_hop) continue;
            each(std::span<std::uint8_t>(waiting.frame));
            ++taken;
        }
        std::erase_if(waiting_, [&](const Waiting& w) { return w.next_hop == next_hop; });
        return taken;
    }

    std::size_t size() const { return waiting_.size(); }

  private:
    struct Waiting {
        Ipv4Address next_hop;
        std::vector<std::uint8_t> frame;
    };
    std::vector<Waiting> waiting_;
};

}  // namespace stemma::net
