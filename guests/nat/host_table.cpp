#include "nat/host_table.hpp"

namespace stemma::nat {

HostTable::HostTable(std::uint32_t capacity, const SipKey& key)
    : key_(key), chains_(capacity), hosts_(capacity) {}

std::uint64_t HostTable::hash(net::Ipv4Address address) const {
    return TableHash::of(key_, address.value, 0);
}

std::uint32_t HostTable::find(net::Ipv4Address address) const {
    return chains_.find(hash(address),
                        [&](std::uint32_t host) { return hosts_[host].address == address; });
}

std::uint32_t HostTable::find_or_add(net::Ipv4Address address) {
    std::uint32_t host = find(address);
    if (host != HashChains::none) return host;
    if (free_ != HashChains::none) {
        host = free_;
        free_ = hosts_[host].next_free;
    } else {
        host = unused_++;
    }
    hosts_[host] = {address, 0, 0, 0};
    chains_.insert(hash(address), host);
    ++size_;
    return host;
}

void HostTable::release_if_unused(std::uint32_t host) {
    if (hosts_[host].mappings != 0) return;
    chains_.remove(hash(hosts_[host].address), host);
    hosts_[host].next_free = free_;
    free_ = host;
    --size_;
}

}  // namespace stemma::nat
