#include "dns/query.hpp"

#include "net/byte_order.hpp"

namespace stemma::dns {

namespace {

using net::load_be16;
using net::load_be32;

// Bytes of the name at the front of a record, perhaps ended by a pointer, which is not followed; 0
// if there is none.
std::size_t skip_name(std::span<const std::uint8_t> bytes) {
    for (std::size_t at = 0; at < bytes.size() && at < name_max; at += bytes[at] + 1U) {
        if (bytes[at] == 0) return at + 1;
        if (bytes[at] >= 0xc0) return at + 2 <= bytes.size() ? at + 2 : 0;
        if (bytes[at] > label_max) return 0;
    }
    return 0;
}

// RFC 6891 6.1.2: a sequence of code, length, data. Which options there are is of no interest.
bool options_are_whole(std::span<const std::uint8_t> options) {
    while (options.size() >= 4) {
        const std::size_t size = load_be16(&options[2]) + std::size_t{4};
        if (size > options.size()) return false;
        options = options.subspan(size);
    }
    return options.empty();
}

}  // namespace

Verdict Query::parse(std::span<const std::uint8_t> message) {
    if (message.size() < header::size) return Verdict::drop;
    flags = load_be16(&message[header::flags]);
    if (flags & flag_response) return Verdict::drop;
    if (flags & mask_opcode) return Verdict::not_implemented;
    if (load_be16(&message[header::question_count]) != 1 ||
        load_be16(&message[header::answer_count]) != 0 ||
        load_be16(&message[header::authority_count]) != 0 || !parse_question(message) ||
        !parse_additional(message.subspan(end), load_be16(&message[header::additional_count])))
        return Verdict::format_error;
    return Verdict::answer;
}

bool Query::parse_question(std::span<const std::uint8_t> message) {
    const auto name = message.subspan(header::size);
    std::size_t at = 0;
    label_count = 0;
    // No pointer can stand here: there is no name before this one.
    for (;;) {
        if (at >= name.size() || at >= name_max) return false;
        const std::size_t length = name[at];
        lower[at] = name[at];
        if (length == 0) break;
        // the root's zero must fit behind the label too
        if (length > label_max || at + length + 1 >= name_max || at + length + 1 >= name.size())
            return false;
        label_starts[label_count++] = static_cast<std::uint8_t>(at);
        for (std::size_t i = at + 1; i <= at + length; ++i)
            lower[i] = fold(name[i]);
        at += length + 1;
    }
    name_size = static_cast<std::uint8_t>(at + 1);
    if (name.size() < name_size + 4U) return false;
    type = RecordType{load_be16(&name[name_size])};
    klass = RecordClass{load_be16(&name[name_size + 2U])};
    end = static_cast<std::uint16_t>(header::size + name_size + 4U);
    return true;
}

bool Query::parse_additional(std::span<const std::uint8_t> rest, std::size_t count) {
    has_edns = false;
    for (; count > 0; --count) {
        const std::size_t owner = skip_name(rest);
        if (owner == 0 || rest.size() < owner + record_fixed_size) return false;
        const std::uint8_t* fixed = &rest[owner];
        const std::size_t data_size = load_be16(fixed + 8);
        const std::size_t size = owner + record_fixed_size + data_size;
        if (rest.size() < size) return false;
        if (RecordType{load_be16(fixed)} == RecordType::opt) {
            if (has_edns || owner != 1) return false;
            has_edns = true;
            edns_size = load_be16(fixed + 2);
            edns_version = fixed[5];
            dnssec_ok = (load_be16(fixed + 6) & edns_dnssec_ok) != 0;
            if (!options_are_whole(rest.subspan(size - data_size, data_size))) return false;
        }
        rest = rest.subspan(size);
    }
    return rest.empty();
}

}  // namespace stemma::dns
