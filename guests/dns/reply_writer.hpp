#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "dns/message.hpp"
#include "dns/query.hpp"
#include "dns/zone.hpp"

namespace stemma::dns {

// Stands for the name that was asked, as owner of a record: it need not be a node.
inline constexpr NodeId question_name = no_node;

enum class Section : std::uint8_t { answer, authority, additional };

// Appends RRsets to a reply, names compressed against all that the reply already holds: since every
// name of a zone is a node, that is a look at the node's place and its ancestors', not a search for
// text. Lives as long as one reply; allocates nothing, and leaves its arrays unset until used.
class ReplyWriter {
  public:
    // Names remembered as pointer targets; those beyond are written out again.
    static constexpr std::size_t places_max = 64;
    // RRsets in one reply; add() refuses those beyond, as if they did not fit.
    static constexpr std::size_t rrsets_max = 64;

    struct Sent {
        NodeId owner;
        const RRset* rrset;
    };

    // `path[d]` is the node for the last d labels of the question's name, known for d up to
    // `path_depth`. `room` holds the header and the question, then free space up to the limit.
    ReplyWriter(const Zone& zone, const Query& query, std::span<const NodeId> path,
                std::size_t path_depth, std::span<std::uint8_t> room)
        : zone_(zone),
          query_(query),
          path_(path),
          path_depth_(path_depth),
          room_(room),
          size_(query.end) {}

    // All of the RRset, or nothing and false if it does not fit.
    bool add(Section section, NodeId owner, const RRset& rrset) {
        return add(section, owner, rrset, rrset.ttl);
    }
    bool add(Section section, NodeId owner, const RRset& rrset, std::uint32_t ttl);

    bool has(NodeId owner, const RRset& rrset) const;
    std::span<const Sent> sent() const { return {sent_.data(), sent_count_}; }
    std::size_t size() const { return size_; }
    std::uint16_t count(Section section) const {
        return counts_[static_cast<std::size_t>(section)];
    }

  private:
    struct Place {
        NodeId node;
        std::uint16_t offset;
    };

    std::uint16_t pointer_to(NodeId node) const;
    bool write_name(NodeId node, bool compressed);
    bool write_data(RecordType type, StoredData data);
    bool write_bytes(std::span<const std::uint8_t> bytes);

    const Zone& zone_;
    const Query& query_;
    std::span<const NodeId> path_;
    std::size_t path_depth_;
    std::span<std::uint8_t> room_;
    std::size_t size_;
    std::size_t place_count_ = 0;
    std::size_t sent_count_ = 0;
    std::array<std::uint16_t, 3> counts_{};
    std::array<Place, places_max> places_;
    std::array<Sent, rrsets_max> sent_;
};

}  // namespace stemma::dns
