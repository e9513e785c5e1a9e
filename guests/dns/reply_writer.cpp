#include "dns/reply_writer.hpp"

#include <cstring>

#include "net/byte_order.hpp"

namespace stemma::dns {

using net::store_be16;
using net::store_be32;

bool ReplyWriter::has(NodeId owner, const RRset& rrset) const {
    for (const Sent& sent : sent()) {
        if (sent.rrset == &rrset && sent.owner == owner) return true;
    }
    return false;
}

// 0 if the name is nowhere yet, and for the root, which is shorter than a pointer.
std::uint16_t ReplyWriter::pointer_to(NodeId node) const {
    if (node == root_node) return 0;
    const std::size_t depth = zone_.names().depth(node);
    if (depth <= path_depth_ && path_[depth] == node) {
        const std::size_t start = query_.label_starts[query_.label_count - depth];
        return static_cast<std::uint16_t>(pointer_mark | (header::size + start));
    }
    for (std::size_t i = 0; i < place_count_; ++i) {
        if (places_[i].node == node)
            return static_cast<std::uint16_t>(pointer_mark | places_[i].offset);
    }
    return 0;
}

bool ReplyWriter::write_bytes(std::span<const std::uint8_t> bytes) {
    if (room_.size() - size_ < bytes.size()) return false;
    std::memcpy(&room_[size_], bytes.data(), bytes.size());
    size_ += bytes.size();
    return true;
}

bool ReplyWriter::write_name(NodeId node, bool compressed) {
    const NameTree& names = zone_.names();
    for (; node != root_node; node = names.parent(node)) {
        if (const std::uint16_t pointer = compressed ? pointer_to(node) : std::uint16_t{0}) {
            std::uint8_t bytes[2];
            store_be16(bytes, pointer);
            return write_bytes(bytes);
        }
        if (place_count_ < places_max && size_ <= pointer_max)
            places_[place_count_++] = {node, static_cast<std::uint16_t>(size_)};
        if (!write_bytes(names.wire_label(node))) return false;
    }
    const std::uint8_t end[] = {0};
    return write_bytes(end);
}

bool ReplyWriter::write_data(RecordType type, StoredData data) {
    const DataForm form = data_form(type);
    if (form.names == 0) return write_bytes(data);
    if (!write_bytes(data.first(form.prefix))) return false;
    for (std::size_t i = 0; i < form.names; ++i) {
        if (!write_name(stored_name(data, form.prefix + 4 * i), form.compressed)) return false;
    }
    return write_bytes(data.last(form.suffix));
}

bool ReplyWriter::add(Section section, NodeId owner, const RRset& rrset, std::uint32_t ttl) {
    if (sent_count_ == rrsets_max) return false;
    const std::size_t size_before = size_;
    const std::size_t places_before = place_count_;
    const auto undo = [&] {
        size_ = size_before;
        place_count_ = places_before;
        return false;
    };

    std::uint16_t pointer =
        owner == question_name ? pointer_mark | header::size : pointer_to(owner);
    std::uint32_t position = rrset.data;
    for (std::size_t i = 0; i < rrset.count; ++i) {
        if (pointer != 0) {
            std::uint8_t bytes[2];
            store_be16(bytes, pointer);
            if (!write_bytes(bytes)) return undo();
        } else {
            if (!write_name(owner, true)) return undo();
            // Of the records that follow, the owner is a pointer to this one's.
            pointer = pointer_to(owner);
        }
        if (room_.size() - size_ < record_fixed_size) return undo();
        std::uint8_t* const fixed = &room_[size_];
        store_be16(fixed, static_cast<std::uint16_t>(rrset.type));
        store_be16(fixed + 2, static_cast<std::uint16_t>(RecordClass::in));
        store_be32(fixed + 4, ttl);
        size_ += record_fixed_size;
        const std::size_t data_start = size_;
        if (!write_data(rrset.type, zone_.data(position))) return undo();
        store_be16(fixed + 8, static_cast<std::uint16_t>(size_ - data_start));
    }
    auto& count = counts_[static_cast<std::size_t>(section)];
    count = static_cast<std::uint16_t>(count + rrset.count);
    sent_[sent_count_++] = {owner, &rrset};
    return true;
}

}  // namespace stemma::dns
