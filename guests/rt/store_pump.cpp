#include "rt/store_pump.hpp"

#include <array>

namespace stemma::rt {

namespace {
// Each up to a ring's length: a server that never stops must not keep the guest from its packets.
constexpr int rounds_max = 16;
}  // namespace

Pumped pump(xs::RingEnd& ring, StoreClient& store) {
    Pumped result{false, false};
    bool moved = true;
    for (int round = 0; moved && round < rounds_max && store.connected(); ++round) {
        moved = false;
        std::array<std::byte, xs::ring_page::ring_size> bytes;
        const auto got = ring.read(bytes);
        if (got && *got > 0) {
            moved = result.again = true;
            store.receive(std::span(bytes).first(*got));
        }
        const auto put = ring.write(store.output());
        if (put && *put > 0) {
            moved = true;
            store.sent(*put);
        }
        if (!got || !put) {
            store.connection_lost();
            result.again = true;
        }
        result.moved = result.moved || moved;
    }
    result.again = result.again || (moved && store.connected());
    return result;
}

}  // namespace stemma::rt
