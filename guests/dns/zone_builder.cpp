#include "dns/zone_builder.hpp"

#include <algorithm>
#include <tuple>

#include "dns/data_text.hpp"
#include "net/byte_order.hpp"

namespace stemma::dns {

void ZoneWarnings::add(std::uint32_t line, std::string cause) {
    if (++count <= kept_max) kept.push_back({line, std::move(cause)});
}

ZoneBuilder::ZoneBuilder(const Name& origin, const LabelHash& hash)
    : zone_(new Zone(origin, hash)) {
    zone_->apex_ = zone_->names_.add(origin);
}

ZoneError ZoneBuilder::at_name(const Pending& record, std::string_view cause) const {
    return {record.line, zone_->names_.name(record.owner).text().append(": ").append(cause)};
}

std::expected<void, ZoneError> ZoneBuilder::add(const Record& record) {
    if (!record.owner.is_at_or_below(zone_->origin_))
        return std::unexpected(ZoneError{
            record.line, record.owner.text() + " is outside the zone " + zone_->origin_.text()});
    if (record.type == RecordType::soa) {
        if (record.owner != zone_->origin_)
            return std::unexpected(
                ZoneError{record.line, record.owner.text() + ": SOA below the zone's apex"});
        if (soa_line_ != 0)
            return std::unexpected(ZoneError{
                record.line, "another SOA, the first is on line " + std::to_string(soa_line_)});
        soa_line_ = record.line;
        const auto numbers = record.data.last(20);
        zone_->serial_ = net::load_be32(numbers.data());
        zone_->negative_ttl_ = std::min(record.ttl, net::load_be32(numbers.data() + 16));
    }
    pending_.push_back({zone_->names_.add(record.owner), record.type, record.ttl,
                        static_cast<std::uint32_t>(zone_->data_.size()), record.line});
    store_data(record);

    const std::size_t bytes =
        zone_->names_.bytes() + zone_->data_.size() + pending_.size() * sizeof(Pending) +
        zone_->names_.size() * sizeof(Zone::Node) + pending_.size() * sizeof(RRset);
    if (bytes > bytes_max)
        return std::unexpected(ZoneError{
            record.line,
            "the zone does not fit into " + std::to_string(bytes_max >> 20) + " MB up to here"});
    return {};
}

void ZoneBuilder::store_data(const Record& record) {
    auto& store = zone_->data_;
    const DataForm form = data_form(record.type);
    auto rest = record.data;
    const auto copy = [&](std::size_t count) {
        store.insert(store.end(), rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(count));
        rest = rest.subspan(count);
    };
    const std::size_t start = store.size();
    store.resize(start + 2);
    copy(form.prefix);
    for (int i = 0; i < form.names; ++i) {
        const std::size_t size = name_size(rest);
        const NodeId node = zone_->names_.add(rest.first(size));
        rest = rest.subspan(size);
        store.resize(store.size() + 4);
        net::store_be32(&store[store.size() - 4], node);
    }
    copy(rest.size());
    net::store_be16(&store[start], static_cast<std::uint16_t>(store.size() - start - 2));
}

StoredData ZoneBuilder::data_of(const Pending& record) const {
    std::uint32_t position = record.data;
    return zone_->data(position);
}

void ZoneBuilder::drop_duplicates() {
    std::sort(pending_.begin(), pending_.end(), [&](const Pending& a, const Pending& b) {
        const auto key = std::tie(a.owner, a.type);
        if (const auto other = std::tie(b.owner, b.type); key != other) return key < other;
        const auto x = data_of(a);
        const auto y = data_of(b);
        const auto order =
            std::lexicographical_compare_three_way(x.begin(), x.end(), y.begin(), y.end());
        return order != 0 ? order < 0 : a.line < b.line;
    });
    const auto same = [&](const Pending& a, const Pending& b) {
        return a.owner == b.owner && a.type == b.type && std::ranges::equal(data_of(a), data_of(b));
    };
    // A later copy may still lower the TTL.
    for (std::size_t i = pending_.size(); i-- > 1;) {
        if (same(pending_[i - 1], pending_[i]))
            pending_[i - 1].ttl = std::min(pending_[i - 1].ttl, pending_[i].ttl);
    }
    pending_.erase(std::unique(pending_.begin(), pending_.end(), same), pending_.end());
    std::sort(pending_.begin(), pending_.end(), [](const Pending& a, const Pending& b) {
        return std::tie(a.owner, a.type, a.line) < std::tie(b.owner, b.type, b.line);
    });
}

// `records` are all of one owner, ordered by type.
std::expected<void, ZoneError> ZoneBuilder::check_node(std::span<const Pending> records) {
    const auto later = [](const Pending& a, const Pending& b) { return a.line < b.line; };
    std::size_t cnames = 0;
    for (const Pending& record : records)
        cnames += record.type == RecordType::cname;
    if (cnames > 1) {
        const auto last = std::find_if(records.rbegin(), records.rend(), [](const Pending& r) {
            return r.type == RecordType::cname;
        });
        return std::unexpected(at_name(*last, "more than one CNAME"));
    }
    if (cnames == 1 && records.size() > 1)
        return std::unexpected(at_name(*std::max_element(records.begin(), records.end(), later),
                                       "CNAME and other data"));
    const auto label = zone_->names_.label(records[0].owner);
    if (label.size() == 1 && label[0] == '*') {
        for (const Pending& record : records) {
            if (record.type != RecordType::ns) continue;
            auto warning = at_name(record, "NS at a wildcard delegates nothing");
            warnings_.add(warning.line, std::move(warning.cause));
        }
    }
    return {};
}

std::expected<void, ZoneError> ZoneBuilder::make_rrsets() {
    Zone& zone = *zone_;
    zone.nodes_.resize(zone.names_.size());
    std::vector<std::uint8_t> ordered;  // the data, RRset by RRset
    ordered.reserve(zone.data_.size());

    for (std::size_t i = 0; i < pending_.size();) {
        std::size_t end = i;
        while (end < pending_.size() && pending_[end].owner == pending_[i].owner)
            ++end;
        const auto records = std::span<const Pending>(pending_).subspan(i, end - i);
        if (const auto checked = check_node(records); !checked) return checked;

        Zone::Node& node = zone.nodes_[pending_[i].owner];
        node.rrsets = static_cast<std::uint32_t>(zone.rrsets_.size());
        for (const Pending& record : records) {
            if (node.rrset_count == 0 || zone.rrsets_.back().type != record.type) {
                zone.rrsets_.push_back(
                    {record.type, 0, record.ttl, static_cast<std::uint32_t>(ordered.size())});
                ++node.rrset_count;
            }
            RRset& rrset = zone.rrsets_.back();
            if (++rrset.count > records_of_rrset_max)
                return std::unexpected(at_name(record, "more than 4096 records of one type"));
            if (rrset.ttl != record.ttl) {
                rrset.ttl = std::min(rrset.ttl, record.ttl);
                auto warning = at_name(record, "TTLs of its " + to_text(record.type) +
                                                   " records differ, the lowest is taken");
                warnings_.add(warning.line, std::move(warning.cause));
            }
            const auto data = std::span<const std::uint8_t>(zone.data_)
                                  .subspan(record.data, data_of(record).size() + 2);
            ordered.insert(ordered.end(), data.begin(), data.end());
        }
        i = end;
    }
    zone.data_ = std::move(ordered);
    zone.rrsets_.shrink_to_fit();
    return {};
}

void ZoneBuilder::mark_nodes() {
    Zone& zone = *zone_;
    const NameTree& names = zone.names_;
    for (const Pending& record : pending_) {
        for (NodeId node = record.owner; !zone.exists(node); node = names.parent(node)) {
            zone.nodes_[node].flags |= Zone::flag_exists;
            if (node == zone.apex_) break;
        }
    }
    // Parents come before their children.
    zone.nodes_[zone.apex_].flags |= Zone::flag_inside;
    for (NodeId id = zone.apex_ + 1; id < zone.nodes_.size(); ++id) {
        Zone::Node& node = zone.nodes_[id];
        const NodeId parent_id = names.parent(id);
        Zone::Node& parent = zone.nodes_[parent_id];
        node.flags |= parent.flags & (Zone::flag_inside | Zone::flag_occluded);
        if (parent.flags & Zone::flag_cut) node.flags |= Zone::flag_occluded;
        if (!(node.flags & Zone::flag_inside)) continue;
        if (zone.find(id, RecordType::ns)) node.flags |= Zone::flag_cut;
        const auto label = names.label(id);
        if (zone.exists(id) && label.size() == 1 && label[0] == '*') parent.wildcard = id;
    }
    for (const Pending& record : pending_) {
        const bool glue = record.type == RecordType::a || record.type == RecordType::aaaa;
        const bool hidden = zone.is_occluded(record.owner) ? !glue
                                                           : zone.is_cut(record.owner) && !glue &&
                                                                 record.type != RecordType::ns &&
                                                                 record.type != RecordType::ds;
        if (!hidden) continue;
        auto warning = at_name(record, to_text(record.type) + " is hidden by a delegation");
        warnings_.add(warning.line, std::move(warning.cause));
    }
}

std::expected<CheckedZone, ZoneError> ZoneBuilder::finish() {
    if (soa_line_ == 0) return std::unexpected(ZoneError{0, "no SOA for " + zone_->origin_.text()});
    drop_duplicates();
    if (const auto made = make_rrsets(); !made) return std::unexpected(made.error());
    mark_nodes();
    if (!zone_->find(zone_->apex_, RecordType::ns))
        warnings_.add(0, "no NS records for " + zone_->origin_.text());
    zone_->record_count_ = pending_.size();
    zone_->names_.trim();
    pending_ = {};
    return CheckedZone{std::move(zone_), std::move(warnings_)};
}

}  // namespace stemma::dns
