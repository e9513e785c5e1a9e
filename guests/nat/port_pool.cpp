#include "nat/port_pool.hpp"

#include <bit>

namespace stemma::nat {

bool PortPool::take(std::uint16_t port) {
    if (is_taken(port)) return false;
    taken_[port >> 6] |= std::uint64_t{1} << (port & 63);
    return true;
}

void PortPool::give_back(std::uint16_t port) {
    taken_[port >> 6] &= ~(std::uint64_t{1} << (port & 63));
}

std::uint32_t PortPool::taken() const {
    std::uint32_t count = 0;
    for (const std::uint64_t word : taken_)
        count += static_cast<std::uint32_t>(std::popcount(word));
    return count;
}

std::optional<std::uint16_t> PortPool::take_near(Protocol protocol, std::uint16_t wanted,
                                                 std::uint16_t start) {
    if (take(wanted)) return wanted;
    std::uint32_t first = 0;
    std::uint32_t last = 65535;
    if (protocol != Protocol::icmp) {
        first = wanted < 1024 ? 1 : 1024;
        last = wanted < 1024 ? 1023 : 65535;
    }
    const std::uint32_t from = first + start % (last - first + 1);
    auto port = first_free(from, last);
    if (!port && from > first) port = first_free(first, from - 1);
    if (port) take(*port);
    return port;
}

std::optional<std::uint16_t> PortPool::first_free(std::uint32_t first, std::uint32_t last) const {
    std::uint32_t at = first;
    while (at <= last) {
        const std::uint64_t free = ~taken_[at >> 6] >> (at & 63);
        if (free != 0) {
            at += static_cast<std::uint32_t>(std::countr_zero(free));
            if (at > last) return std::nullopt;
            return static_cast<std::uint16_t>(at);
        }
        at = (at | 63) + 1;
    }
    return std::nullopt;
}

}  // namespace stemma::nat
