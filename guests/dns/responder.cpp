#include "dns/responder.hpp"

#include <algorithm>
#include <cstring>

#include "net/byte_order.hpp"

namespace stemma::dns {

using net::store_be16;

namespace {

// RFC 8482 4.1: one RRset will do for ANY. Not NS if there is another: it brings addresses along.
const RRset& pick_one(std::span<const RRset> rrsets) {
    const bool other = rrsets.size() > 1 && rrsets.front().type == RecordType::ns;
    return rrsets[other ? 1 : 0];
}

}  // namespace

void Responder::serve(const Zone* zone) {
    zone_ = zone;
    if (!zone) return;
    const NameTree& names = zone->names();
    apex_depth_ = names.depth(zone->apex());
    for (NodeId node = zone->apex(); node != no_node; node = names.parent(node))
        path_[names.depth(node)] = node;
}

std::size_t Responder::header_only(std::span<const std::uint8_t> query,
                                   std::span<std::uint8_t> reply, Rcode rcode) {
    std::memset(reply.data(), 0, header::size);
    std::memcpy(reply.data(), query.data(), 2);
    const unsigned kept = query_.flags & (mask_opcode | flag_recursion_desired);
    store_be16(&reply[header::flags],
               static_cast<std::uint16_t>(flag_response | kept | static_cast<unsigned>(rcode)));
    return header::size;
}

std::size_t Responder::finish(std::span<std::uint8_t> reply, std::size_t size,
                              const Outcome& outcome, const ReplyWriter* records) {
    unsigned flags = flag_response | (query_.flags & flag_recursion_desired);
    const auto rcode = static_cast<unsigned>(outcome.rcode);
    flags |= rcode & mask_rcode;
    if (outcome.authoritative) flags |= flag_authoritative;
    if (outcome.truncated) flags |= flag_truncated;
    counters_.truncated += outcome.truncated;
    store_be16(&reply[header::flags], static_cast<std::uint16_t>(flags));
    store_be16(&reply[header::question_count], 1);
    std::uint16_t additional = 0;
    if (records) {
        store_be16(&reply[header::answer_count], records->count(Section::answer));
        store_be16(&reply[header::authority_count], records->count(Section::authority));
        additional = records->count(Section::additional);
    } else {
        std::memset(&reply[header::answer_count], 0, 4);
    }
    if (query_.has_edns) {
        ++additional;
        std::uint8_t* const opt = &reply[size];
        opt[0] = 0;
        store_be16(opt + 1, static_cast<std::uint16_t>(RecordType::opt));
        store_be16(opt + 3, edns_udp_max);
        opt[5] = static_cast<std::uint8_t>(rcode >> 4);
        opt[6] = 0;  // the version we speak
        // RFC 3225 3: DO is copied; the other flags are nobody's yet and must be 0
        store_be16(opt + 7, query_.dnssec_ok ? edns_dnssec_ok : std::uint16_t{0});
        store_be16(opt + 9, 0);
        size += opt_size;
    }
    store_be16(&reply[header::additional_count], additional);
    return size;
}

std::size_t Responder::answer(std::span<const std::uint8_t> query, std::span<std::uint8_t> reply) {
    ++counters_.queries;
    const Verdict verdict = query_.parse(query);
    if (verdict == Verdict::drop || reply.size() < header::size) {
        ++counters_.dropped;
        return 0;
    }
    if (verdict == Verdict::not_implemented) {
        ++counters_.failed;
        return header_only(query, reply, Rcode::not_implemented);
    }
    if (verdict == Verdict::format_error) {
        ++counters_.malformed;
        return header_only(query, reply, Rcode::format_error);
    }

    counters_.edns += query_.has_edns;
    const std::size_t asked =
        query_.has_edns ? std::max<std::size_t>(query_.edns_size, plain_udp_max) : plain_udp_max;
    const std::size_t reserved = query_.has_edns ? opt_size : 0;
    const std::size_t limit = std::min({asked, edns_udp_max, reply.size()});
    if (limit < query_.end + reserved) {
        ++counters_.dropped;
        return 0;
    }
    std::memcpy(reply.data(), query.data(), query_.end);

    Outcome outcome;
    if (query_.has_edns && query_.edns_version != 0) {
        ++counters_.failed;
        outcome.rcode = Rcode::bad_version;
    } else if (query_.klass != RecordClass::in && query_.klass != RecordClass::any) {
        ++counters_.refused;
        outcome.rcode = Rcode::refused;
    } else if (is_meta(query_.type) && query_.type != RecordType::any) {
        // Transfers need TCP, the others are no questions.
        ++counters_.failed;
        outcome.rcode = Rcode::not_implemented;
    } else if (!zone_) {
        ++counters_.failed;
        outcome.rcode = Rcode::server_failure;
    } else if (!asks_inside_zone()) {
        ++counters_.refused;
        outcome.rcode = Rcode::refused;
    } else {
        const Closest closest = find_question();
        ReplyWriter records(*zone_, query_, path_, path_depth_, reply.first(limit - reserved));
        outcome = resolve(records, closest);
        // A zone is of one class: nobody speaks with authority for all of them.
        if (query_.klass == RecordClass::any) outcome.authoritative = false;
        return finish(reply, records.size(), outcome, &records);
    }
    return finish(reply, query_.end, outcome, nullptr);
}

bool Responder::asks_inside_zone() const {
    if (query_.label_count < apex_depth_) return false;
    const auto apex = zone_->origin().wire();
    const std::size_t start = query_.name_size - apex.size();
    if (apex_depth_ != 0 && query_.label_starts[query_.label_count - apex_depth_] != start)
        return false;
    return query_.name_size >= apex.size() &&
           same_folded({&query_.lower[start], apex.size()}, apex);
}

Responder::Closest Responder::find_question() {
    Closest closest{zone_->apex(), question_name, false};
    NodeId node = zone_->apex();
    std::size_t depth = apex_depth_;
    // Nodes that do not exist are followed too: the name asked may be one that data speaks of.
    while (depth < query_.label_count && !zone_->is_cut(node)) {
        const NodeId next =
            zone_->names().child(node, query_.label(query_.label_count - depth - 1U));
        if (next == no_node) break;
        node = next;
        path_[++depth] = node;
        if (zone_->exists(node)) closest.node = node;
    }
    path_depth_ = depth;
    if (depth == query_.label_count) {
        closest.name = node;
        closest.exact = closest.node == node;
    }
    return closest;
}

Responder::Closest Responder::find_target(NodeId name) const {
    NodeId node = name;
    while (!zone_->exists(node))
        node = zone_->names().parent(node);
    while (zone_->is_occluded(node))
        node = zone_->names().parent(node);
    return {node, name, node == name};
}

Responder::Outcome Responder::resolve(ReplyWriter& reply, Closest at) {
    Outcome outcome;
    outcome.authoritative = true;
    for (std::size_t cnames = 0;; ++cnames) {
        // A DS record belongs to the side above the cut (RFC 4035 3.1.4.1).
        if (zone_->is_cut(at.node) && !(at.exact && query_.type == RecordType::ds)) {
            outcome.authoritative = cnames > 0;
            return refer(reply, at.node, outcome);
        }
        const NodeId node = at.exact ? at.node : zone_->wildcard(at.node);
        if (node == no_node) {
            outcome.rcode = Rcode::name_error;
            return negative(reply, outcome);
        }
        const auto rrsets = zone_->rrsets(node);
        const RRset* found = nullptr;
        if (query_.type != RecordType::any)
            found = zone_->find(node, query_.type);
        else if (!rrsets.empty())
            found = &pick_one(rrsets);
        if (found) {
            ++counters_.answers;
            if (!reply.add(Section::answer, at.name, *found)) {
                outcome.truncated = true;
                return outcome;
            }
            if (data_form(found->type).target)
                add_targets(reply, reply.sent().size(), root_node, false);
            return outcome;
        }
        const RRset* const cname = zone_->find(node, RecordType::cname);
        if (!cname) return negative(reply, outcome);
        const bool loop = reply.has(at.name, *cname);
        if (!loop && !reply.add(Section::answer, at.name, *cname)) outcome.truncated = true;
        std::uint32_t position = cname->data;
        const NodeId target = stored_name(zone_->data(position), 0);
        if (loop || outcome.truncated || cnames + 1 == cnames_max || !zone_->is_inside(target)) {
            ++counters_.answers;
            return outcome;
        }
        at = find_target(target);
    }
}

// NXDOMAIN or NODATA: the SOA says for how long that is true (RFC 2308 3).
Responder::Outcome Responder::negative(ReplyWriter& reply, Outcome outcome) {
    ++(outcome.rcode == Rcode::name_error ? counters_.nxdomain : counters_.nodata);
    const RRset* const soa = zone_->find(zone_->apex(), RecordType::soa);
    outcome.truncated = !reply.add(Section::authority, zone_->apex(), *soa, zone_->negative_ttl());
    return outcome;
}

Responder::Outcome Responder::refer(ReplyWriter& reply, NodeId cut, Outcome outcome) {
    ++counters_.referrals;
    const RRset* const servers = zone_->find(cut, RecordType::ns);
    // RFC 9471 3: without the addresses of servers that lie in the delegated zone itself a referral
    // is of no use, so they are sent first and their lack makes it truncated.
    outcome.truncated = !reply.add(Section::authority, cut, *servers);
    const std::size_t sent = reply.sent().size();
    if (!outcome.truncated) outcome.truncated = !add_targets(reply, sent, cut, true);
    if (!outcome.truncated) add_targets(reply, sent, root_node, true);
    return outcome;
}

// Addresses of the names in the first `sent_count` RRsets, as far as they lie at or below `below`;
// false if one did not fit. `glue` allows what is not authoritative.
bool Responder::add_targets(ReplyWriter& reply, std::size_t sent_count, NodeId below, bool glue) {
    const auto sent = reply.sent().first(sent_count);
    for (const ReplyWriter::Sent& each : sent) {
        const DataForm form = data_form(each.rrset->type);
        if (!form.target) continue;
        std::uint32_t position = each.rrset->data;
        for (std::size_t i = 0; i < each.rrset->count; ++i) {
            const NodeId name = stored_name(zone_->data(position), form.prefix);
            if (!zone_->is_inside(name) || !zone_->names().is_at_or_below(name, below)) continue;
            if (!add_addresses(reply, name, glue)) return false;
        }
    }
    return true;
}

bool Responder::add_addresses(ReplyWriter& reply, NodeId name, bool glue) {
    NodeId source = name;
    if (!zone_->exists(name)) {
        const NodeId closest = find_target(name).node;
        source = zone_->is_authoritative(closest) ? zone_->wildcard(closest) : no_node;
    } else if (!glue && !zone_->is_authoritative(name)) {
        source = no_node;
    }
    if (source == no_node) return true;
    for (const RecordType type : {RecordType::a, RecordType::aaaa}) {
        const RRset* const rrset = zone_->find(source, type);
        if (!rrset || reply.has(name, *rrset)) continue;
        if (!reply.add(Section::additional, name, *rrset)) return false;
    }
    return true;
}

}  // namespace stemma::dns
