#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace stemma::dns {

// Types of resource records and of questions (IANA: Domain Name System Parameters). Any other
// number is a type too, with data that nobody looks into (RFC 3597).
enum class RecordType : std::uint16_t {
    a = 1,
    ns = 2,
    cname = 5,
    soa = 6,
    ptr = 12,
    mx = 15,
    txt = 16,
    aaaa = 28,
    srv = 33,
    dname = 39,
    opt = 41,
    ds = 43,
    // from here to 255 only in questions, or kept for one exchange (RFC 6895 3.1)
    first_meta = 128,
    ixfr = 251,
    axfr = 252,
    any = 255,
};

enum class RecordClass : std::uint16_t { in = 1, ch = 3, hs = 4, none = 254, any = 255 };

constexpr bool is_meta(RecordType type) {
    return type == RecordType::opt || (type >= RecordType::first_meta && type <= RecordType::any);
}

// Parts of a type's data, as they stand in a master file and on the wire.
enum class Field : std::uint8_t {
    none,
    ipv4,
    ipv6,
    name,
    number16,
    number32,
    period,   // seconds, or with units: 1h30m
    strings,  // one or more <character-string>s
};

inline constexpr std::size_t fields_max = 7;

// A type whose data this server can read from text.
struct TypeDescription {
    RecordType type;
    std::string_view mnemonic;
    Field fields[fields_max + 1];  // ended by `none`
};

const TypeDescription* describe(RecordType type);

// A mnemonic we know or TYPEnnn (RFC 3597 5), in any case.
std::optional<RecordType> type_from_text(std::string_view text);
// Nothing also for CLASS0 and for what is no class at all.
std::optional<RecordClass> class_from_text(std::string_view text);
std::string to_text(RecordType type);

// How a type's data is put together around the names in it, all of which this server follows or
// compresses: `prefix` bytes, then `names` names, then `suffix` bytes. Other types have no names.
struct DataForm {
    std::uint8_t prefix = 0;
    std::uint8_t names = 0;
    std::uint8_t suffix = 0;
    bool compressed = false;  // only types of RFC 1035 may be (RFC 3597 4); not SRV
    bool target = false;      // the name's addresses belong into the additional section
};

constexpr DataForm data_form(RecordType type) {
    switch (type) {
        case RecordType::ns:
            return {0, 1, 0, true, true};
        case RecordType::cname:
        case RecordType::ptr:
            return {0, 1, 0, true, false};
        case RecordType::soa:
            return {0, 2, 20, true, false};
        case RecordType::mx:
            return {2, 1, 0, true, true};
        case RecordType::srv:
            return {6, 1, 0, false, true};
        default:
            return {};
    }
}

}  // namespace stemma::dns
