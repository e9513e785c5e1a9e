#include "dns/zone.hpp"

#include <cstring>

#include "net/byte_order.hpp"

namespace stemma::dns {

NodeId stored_name(StoredData data, std::size_t at) {
    return net::load_be32(&data[at]);
}

const RRset* Zone::find(NodeId node, RecordType type) const {
    for (const RRset& rrset : rrsets(node)) {
        if (rrset.type == type) return &rrset;
    }
    return nullptr;
}

StoredData Zone::data(std::uint32_t& position) const {
    const std::size_t size = net::load_be16(&data_[position]);
    const StoredData data = std::span(data_).subspan(position + 2, size);
    position += static_cast<std::uint32_t>(size + 2);
    return data;
}

std::size_t Zone::bytes() const {
    return names_.bytes() + nodes_.capacity() * sizeof(Node) + rrsets_.capacity() * sizeof(RRset) +
           data_.capacity();
}

}  // namespace stemma::dns
