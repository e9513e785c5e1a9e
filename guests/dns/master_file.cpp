#include "dns/master_file.hpp"

#include <algorithm>

#include "dns/data_text.hpp"
#include "net/byte_order.hpp"

namespace stemma::dns {

namespace {

std::unexpected<ZoneError> error(const Token& token, std::string_view cause) {
    return std::unexpected(
        ZoneError{token.line, std::string(cause).append(" ").append(quote(token.text))});
}

bool starts_with_digit(std::string_view text) {
    return !text.empty() && text[0] >= '0' && text[0] <= '9';
}

}  // namespace

std::expected<std::optional<Record>, ZoneError> MasterFile::next() {
    for (;;) {
        const auto found = reader_.next(entry_);
        if (!found) return std::unexpected(found.error());
        if (!*found) return std::nullopt;
        const Token& first = entry_.tokens.front();
        if (!entry_.begins_blank && !first.quoted && first.text.starts_with('$')) {
            if (const auto done = directive(); !done) return std::unexpected(done.error());
            continue;
        }
        auto read = record();
        if (!read) return std::unexpected(read.error());
        return *read;
    }
}

std::expected<void, ZoneError> MasterFile::directive() {
    const auto& tokens = entry_.tokens;
    const Token& word = tokens[0];
    if (word.text == "$INCLUDE")
        return std::unexpected(ZoneError{word.line, "$INCLUDE is not served: put its text here"});
    if (word.text != "$ORIGIN" && word.text != "$TTL") return error(word, "unknown directive");
    if (tokens.size() == 1)
        return std::unexpected(ZoneError{word.line, std::string(word.text) + " breaks off"});
    if (tokens.size() > 2) return error(tokens[2], "unexpected word");
    if (word.text == "$TTL") {
        ttl_ = parse_period(tokens[1].text);
        if (!ttl_) return error(tokens[1], "not a period up to 2147483647 seconds:");
        return {};
    }
    const auto name = Name::from_text(tokens[1].text, origin_);
    if (!name) return error(tokens[1], std::string(name.error().cause) + " in");
    origin_ = *name;
    return {};
}

// [owner] [TTL] [class] type data; TTL and class in either order.
std::expected<Record, ZoneError> MasterFile::record() {
    std::span<const Token> tokens(entry_.tokens);
    if (!entry_.begins_blank) {
        const auto name = Name::from_text(tokens[0].text, origin_);
        if (!name) return error(tokens[0], std::string(name.error().cause) + " in");
        owner_ = *name;
        tokens = tokens.subspan(1);
    } else if (!owner_) {
        return std::unexpected(
            ZoneError{tokens[0].line, "the first record begins with a blank: whose is it?"});
    }

    Record record;
    record.owner = *owner_;
    record.line = entry_.line;
    std::optional<std::uint32_t> ttl;
    bool class_given = false;
    for (; !tokens.empty(); tokens = tokens.subspan(1)) {
        const Token& token = tokens[0];
        if (!ttl && starts_with_digit(token.text)) {
            ttl = parse_period(token.text);
            if (!ttl) return error(token, "not a TTL up to 2147483647 seconds:");
        } else if (const auto given = class_from_text(token.text); given && !class_given) {
            if (*given != RecordClass::in) return error(token, "only class IN is served, not");
            class_given = true;
        } else {
            break;
        }
    }
    if (tokens.empty())
        return std::unexpected(ZoneError{entry_.tokens.back().line, "record without a type"});
    const auto type = type_from_text(tokens[0].text);
    if (!type) return error(tokens[0], "unknown type (or write TYPEnnn \\# ...):");
    if (is_meta(*type) || *type == RecordType{0}) return error(tokens[0], "no type for a zone:");
    // Served as plain data it would answer wrongly for all names below it (RFC 6672).
    if (*type == RecordType::dname) return error(tokens[0], "redirection is not served:");
    record.type = *type;

    if (auto parsed = parse_data(*type, tokens.subspan(1), origin_, data_); !parsed)
        return std::unexpected(ZoneError{tokens.back().line, std::move(parsed.error())});
    record.data = data_;

    if (!ttl) ttl = ttl_ ? ttl_ : last_ttl_;
    if (!ttl && *type == RecordType::soa) ttl = net::load_be32(&data_[data_.size() - 4]);
    if (!ttl) return std::unexpected(ZoneError{record.line, "no TTL here, before, or by $TTL"});
    // RFC 2181 8: a TTL with its highest bit set counts as 0
    record.ttl = *ttl > 0x7fffffff ? 0 : *ttl;
    last_ttl_ = record.ttl;
    return record;
}

}  // namespace stemma::dns
