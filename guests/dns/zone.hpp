#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "dns/name_tree.hpp"
#include "dns/record_type.hpp"

namespace stemma::dns {

// Records of one owner and type (RFC 2181 5); they share a TTL.
struct RRset {
    RecordType type{};
    std::uint16_t count = 0;  // of its records, at least 1
    std::uint32_t ttl = 0;    // seconds
    std::uint32_t data = 0;   // where its first record's data lies: see Zone::data()
};

// One record's data as a zone keeps it: as on the wire, but that a NodeId of four bytes stands for
// each name (DataForm says where).
using StoredData = std::span<const std::uint8_t>;

NodeId stored_name(StoredData data, std::size_t at);

// A zone that was read and checked; ZoneBuilder makes it, nothing changes it. What is asked of it
// allocates nothing.
class Zone {
  public:
    const NameTree& names() const { return names_; }
    NodeId apex() const { return apex_; }
    const Name& origin() const { return origin_; }

    // What stands at a name. A node that only data speaks of does not `exist`; one that has nothing
    // itself, but names below it, does (an empty non-terminal).
    bool exists(NodeId node) const { return nodes_[node].flags & flag_exists; }
    // Has NS records and is not the apex: from here down another zone begins.
    bool is_cut(NodeId node) const { return nodes_[node].flags & flag_cut; }
    // Strictly below a cut.
    bool is_occluded(NodeId node) const { return nodes_[node].flags & flag_occluded; }
    bool is_authoritative(NodeId node) const {
        return (nodes_[node].flags & (flag_cut | flag_occluded)) == 0;
    }
    // At the apex or below it, existing or not.
    bool is_inside(NodeId node) const { return nodes_[node].flags & flag_inside; }
    // The child "*" if it exists, or no_node.
    NodeId wildcard(NodeId node) const { return nodes_[node].wildcard; }
    std::span<const RRset> rrsets(NodeId node) const {
        return std::span(rrsets_).subspan(nodes_[node].rrsets, nodes_[node].rrset_count);
    }
    const RRset* find(NodeId node, RecordType type) const;

    // The data at `position`, which then is that of the next record of the RRset.
    StoredData data(std::uint32_t& position) const;

    std::uint32_t serial() const { return serial_; }              // the SOA's
    std::uint32_t negative_ttl() const { return negative_ttl_; }  // RFC 2308 5, seconds
    std::size_t record_count() const { return record_count_; }
    std::size_t bytes() const;

  private:
    friend class ZoneBuilder;

    static constexpr std::uint8_t flag_exists = 1;
    static constexpr std::uint8_t flag_cut = 2;
    static constexpr std::uint8_t flag_occluded = 4;
    static constexpr std::uint8_t flag_inside = 8;

    struct Node {
        std::uint32_t rrsets = 0;  // where in rrsets_
        NodeId wildcard = no_node;
        std::uint16_t rrset_count = 0;
        std::uint8_t flags = 0;
    };

    explicit Zone(const Name& origin, const LabelHash& hash) : origin_(origin), names_(hash) {}

    Name origin_;
    NameTree names_;
    NodeId apex_ = root_node;
    std::vector<Node> nodes_;  // by NodeId
    std::vector<RRset> rrsets_;
    std::vector<std::uint8_t> data_;
    std::uint32_t serial_ = 0;
    std::uint32_t negative_ttl_ = 0;
    std::size_t record_count_ = 0;
};

}  // namespace stemma::dns
