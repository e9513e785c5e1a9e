#include "xen/store_link.hpp"

#include <array>

namespace stemma::xen {

namespace {
// A server that never stops must not keep the guest from its packets.
constexpr int rounds_max = 16;
}  // namespace

bool StoreLink::pump() {
    if (!store_.connected()) return false;
    bool received = false;
    bool moved = true;
    bool moved_any = false;
    for (int round = 0; moved && round < rounds_max && store_.connected(); ++round) {
        moved = false;
        std::array<std::byte, xs::ring_page::ring_size> bytes;
        const auto got = ring_.read(bytes);
        if (got && *got > 0) {
            moved = received = true;
            store_.receive(std::span(bytes).first(*got));
        }
        const auto put = ring_.write(store_.output());
        if (put && *put > 0) {
            moved = true;
            store_.sent(*put);
        }
        if (!got || !put) {
            store_.connection_lost();
            received = true;
        }
        moved_any = moved_any || moved;
    }
    if (moved_any) notify(port_);
    return received || moved;
}

}  // namespace stemma::xen
