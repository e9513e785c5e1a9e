#include "probe/dns_query.hpp"

#include <algorithm>

#include "net/byte_order.hpp"
#include "net/text.hpp"

namespace stemma::probe {

namespace {

constexpr std::size_t header_size = 12;
constexpr std::uint16_t type_a = 1;
constexpr std::uint16_t class_in = 1;
constexpr std::size_t label_max = 63;
constexpr std::size_t name_max = 253;  // as text, without the last dot

std::uint8_t lower(std::uint8_t byte) {
    return byte >= 'A' && byte <= 'Z' ? static_cast<std::uint8_t>(byte + 32) : byte;
}

// Behind the name that begins at `at`, a pointer ending it; nothing if it runs over the end.
std::optional<std::size_t> skip_name(std::span<const std::uint8_t> message, std::size_t at) {
    while (at < message.size()) {
        const std::uint8_t length = message[at];
        if (length == 0) return at + 1;
        if (length >= 0xc0) return at + 2 <= message.size() ? std::optional(at + 2) : std::nullopt;
        if (length > label_max) return std::nullopt;
        at += 1 + std::size_t{length};
    }
    return std::nullopt;
}

}  // namespace

std::optional<std::size_t> write_dns_query(std::span<std::uint8_t, dns_query_max> to,
                                           std::uint16_t id, std::string_view name) {
    if (name.ends_with('.')) name.remove_suffix(1);
    if (name.empty() || name.size() > name_max) return std::nullopt;
    std::fill_n(to.begin(), header_size, std::uint8_t{0});
    net::store_be16(&to[0], id);
    net::store_be16(&to[2], 0x0100);  // recursion desired: the server may be a resolver
    net::store_be16(&to[4], 1);
    std::size_t at = header_size;
    while (!name.empty()) {
        const auto label = name.substr(0, name.find('.'));
        if (label.empty() || label.size() > label_max) return std::nullopt;
        to[at++] = static_cast<std::uint8_t>(label.size());
        for (const char c : label)
            to[at++] = static_cast<std::uint8_t>(c);
        if (label.size() + 1 == name.size()) return std::nullopt;  // two dots at the end
        name.remove_prefix(std::min(name.size(), label.size() + 1));
    }
    to[at++] = 0;
    net::store_be16(&to[at], type_a);
    net::store_be16(&to[at + 2], class_in);
    return at + 4;
}

std::optional<std::uint16_t> read_dns_id(std::span<const std::uint8_t> message) {
    if (message.size() < header_size || (message[2] & 0x80) == 0) return std::nullopt;
    return net::load_be16(&message[0]);
}

std::optional<DnsAnswer> read_dns_answer(std::span<const std::uint8_t> message,
                                         std::span<const std::uint8_t> query) {
    const auto id = read_dns_id(message);
    if (!id || query.size() < header_size || *id != net::load_be16(&query[0])) return std::nullopt;
    DnsAnswer answer;
    answer.rcode = message[3] & 15;
    answer.truncated = (message[2] & 2) != 0;
    answer.answers = net::load_be16(&message[6]);
    // an error may come without the question (RFC 8906 section 3.1 sees FORMERR so)
    const auto questions = net::load_be16(&message[4]);
    if (questions == 0 && answer.rcode != 0) return answer;
    const auto question = query.subspan(header_size);
    if (questions != 1 || message.size() < query.size() ||
        !std::equal(question.begin(), question.end(), message.begin() + header_size,
                    [](std::uint8_t a, std::uint8_t b) { return lower(a) == lower(b); }))
        return std::nullopt;
    std::size_t at = query.size();
    for (unsigned i = 0; i < answer.answers; ++i) {
        const auto record = skip_name(message, at);
        if (!record || message.size() - *record < 10) return std::nullopt;
        const std::size_t length = net::load_be16(&message[*record + 8]);
        const std::size_t data = *record + 10;
        if (message.size() - data < length) return std::nullopt;
        if (net::load_be16(&message[*record]) == type_a &&
            net::load_be16(&message[*record + 2]) == class_in && length == 4) {
            answer.address = net::Ipv4Address{net::load_be32(&message[data])};
            break;
        }
        at = data + length;
    }
    return answer;
}

std::string DnsAnswer::text() const {
    constexpr std::string_view names[] = {"NOERROR",  "FORMERR", "SERVFAIL",
                                          "NXDOMAIN", "NOTIMP",  "REFUSED"};
    if (rcode != 0)
        return rcode < std::size(names) ? std::string(names[rcode])
                                        : "rcode " + std::to_string(rcode);
    if (address) return std::string(net::to_text(*address).view());
    return truncated ? "truncated" : answers > 0 ? "no address" : "no data";
}

}  // namespace stemma::probe
