#pragma once

#include <cstdint>

#include "nat/hash_chains.hpp"
#include "nat/siphash.hpp"
#include "nat/zeroed_array.hpp"
#include "net/ipv4_address.hpp"

namespace stemma::nat {

// The inside hosts that have mappings, and how much of the table each holds (RFC 6888 REQ-4: no
// subscriber takes all). As many entries as there may be mappings, so it is never full.
class HostTable {
  public:
    struct Host {
        net::Ipv4Address address;
        std::uint32_t mappings = 0;
        std::uint32_t sessions = 0;
        std::uint32_t next_free = 0;
    };

    HostTable(std::uint32_t capacity, const SipKey& key);

    // HashChains::none if it has no mapping.
    std::uint32_t find(net::Ipv4Address address) const;
    // find(), or a new host with nothing.
    std::uint32_t find_or_add(net::Ipv4Address address);
    Host& operator[](std::uint32_t host) { return hosts_[host]; }
    // Forgets it if it has no mapping any more.
    void release_if_unused(std::uint32_t host);

    std::uint32_t size() const { return size_; }

  private:
    std::uint64_t hash(net::Ipv4Address address) const;

    SipKey key_;
    std::uint32_t size_ = 0;
    std::uint32_t free_ = HashChains::none;
    std::uint32_t unused_ = 0;  // from here on no entry was ever used
    HashChains chains_;
    ZeroedArray<Host> hosts_;
};

}  // namespace stemma::nat
