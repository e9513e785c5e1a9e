#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "dns/message.hpp"
#include "dns/name.hpp"
#include "dns/record_type.hpp"

namespace stemma::dns {

// What to do with a message that claims to be a query.
enum class Verdict : std::uint8_t {
    answer,
    drop,  // too short for a header, or itself a response (RFC 8906 3.1)
    format_error,
    not_implemented,  // an opcode other than QUERY, whatever follows (RFC 8906 8.1.4)
};

// A query taken apart. Left uninitialised on purpose: one lives in the Responder and is refilled.
struct Query {
    std::uint16_t flags;
    RecordType type;
    RecordClass klass;
    std::uint16_t end;  // offset behind the question

    std::uint8_t name_size;                             // wire form, with the root's zero
    std::uint8_t label_count;                           // without the root
    std::array<std::uint8_t, labels_max> label_starts;  // in `lower`, leftmost first
    std::array<std::uint8_t, name_max> lower;           // the name in lower case

    bool has_edns;
    bool dnssec_ok;
    std::uint8_t edns_version;
    std::uint16_t edns_size;  // what the asker takes, in bytes

    std::span<const std::uint8_t> label(std::size_t i) const {
        const std::size_t start = label_starts[i];
        return {&lower[start + 1], lower[start]};
    }

    // Reads a whole message. A query has one question, no answers and no authority; its additional
    // section holds at most one OPT record (RFC 6891 6.1.1), other records there are passed over.
    // Bytes behind the last record are an error.
    Verdict parse(std::span<const std::uint8_t> message);

  private:
    bool parse_question(std::span<const std::uint8_t> message);
    bool parse_additional(std::span<const std::uint8_t> rest, std::size_t count);
};

}  // namespace stemma::dns
