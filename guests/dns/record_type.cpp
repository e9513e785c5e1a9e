#include "dns/record_type.hpp"

#include <charconv>

#include "dns/name.hpp"

namespace stemma::dns {

namespace {

using enum Field;

constexpr TypeDescription descriptions[] = {
    {RecordType::a, "A", {ipv4}},
    {RecordType::ns, "NS", {name}},
    {RecordType::cname, "CNAME", {name}},
    {RecordType::soa, "SOA", {name, name, number32, period, period, period, period}},
    {RecordType::ptr, "PTR", {name}},
    {RecordType::mx, "MX", {number16, name}},
    {RecordType::txt, "TXT", {strings}},
    {RecordType::aaaa, "AAAA", {ipv6}},
    {RecordType::srv, "SRV", {number16, number16, number16, name}},
};

bool equal_folded(std::string_view a, std::string_view b) {
    if (a.size() != b.size()) return false;
    for (std::size_t i = 0; i < a.size(); ++i) {
        if (fold(static_cast<std::uint8_t>(a[i])) != fold(static_cast<std::uint8_t>(b[i])))
            return false;
    }
    return true;
}

// The number of "TYPE123" after its prefix.
std::optional<std::uint16_t> number_after(std::string_view text, std::string_view prefix) {
    if (text.size() <= prefix.size() || !equal_folded(text.substr(0, prefix.size()), prefix))
        return std::nullopt;
    std::uint16_t number = 0;
    const char* const end = text.data() + text.size();
    const auto [stopped, error] = std::from_chars(text.data() + prefix.size(), end, number);
    if (error != std::errc() || stopped != end) return std::nullopt;
    return number;
}

}  // namespace

const TypeDescription* describe(RecordType type) {
    for (const auto& description : descriptions) {
        if (description.type == type) return &description;
    }
    return nullptr;
}

std::optional<RecordType> type_from_text(std::string_view text) {
    for (const auto& description : descriptions) {
        if (equal_folded(description.mnemonic, text)) return description.type;
    }
    const auto number = number_after(text, "TYPE");
    if (!number) return std::nullopt;
    return RecordType{*number};
}

std::optional<RecordClass> class_from_text(std::string_view text) {
    if (equal_folded(text, "IN")) return RecordClass::in;
    if (equal_folded(text, "CH")) return RecordClass::ch;
    if (equal_folded(text, "HS")) return RecordClass::hs;
    const auto number = number_after(text, "CLASS");
    if (!number || *number == 0) return std::nullopt;
    return RecordClass{*number};
}

std::string to_text(RecordType type) {
    if (const auto* description = describe(type)) return std::string(description->mnemonic);
    char digits[8];
    const auto end = std::to_chars(digits, digits + sizeof digits, static_cast<unsigned>(type)).ptr;
    return std::string("TYPE").append(digits, end);
}

}  // namespace stemma::dns
