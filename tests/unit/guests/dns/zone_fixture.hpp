#pragma once

#include <array>
#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <string_view>

#include "dns/responder.hpp"
#include "dns/zone_loader.hpp"
#include "message_decoder.hpp"
#include "query_bytes.hpp"

namespace stemma::dns_test {

inline dns::Name name_of(std::string_view text) {
    const auto name = dns::Name::from_text(text, dns::Name());
    REQUIRE(name);
    return *name;
}

inline std::expected<dns::CheckedZone, dns::ZoneError> try_zone(
    std::string_view text, std::string_view origin = "example.org.",
    std::size_t piece = std::string_view::npos) {
    dns::ZoneLoader loader(name_of(origin), dns::LabelHash(1, 2));
    while (!text.empty()) {
        const auto now = text.substr(0, piece);
        text.remove_prefix(now.size());
        if (auto fed = loader.feed(now); !fed) return std::unexpected(fed.error());
    }
    return loader.finish();
}

inline std::unique_ptr<const dns::Zone> make_zone(std::string_view text,
                                                  std::string_view origin = "example.org.") {
    auto checked = try_zone(text, origin);
    if (!checked) FAIL(checked.error().text());
    return std::move(checked->zone);
}

inline std::string type_name(unsigned type) {
    return dns::to_text(dns::RecordType{static_cast<std::uint16_t>(type)});
}

// One line for each record: "an www.example.org. 3600 A 10.0.0.1", after a line for the header:
// "NOERROR aa".
inline std::string show(const DecodedMessage& m) {
    constexpr std::string_view rcodes[] = {"NOERROR",  "FORMERR", "SERVFAIL",
                                           "NXDOMAIN", "NOTIMP",  "REFUSED"};
    std::string text =
        m.rcode < 6 ? std::string(rcodes[m.rcode]) : "rcode " + std::to_string(m.rcode);
    if (m.authoritative()) text += " aa";
    if (m.truncated()) text += " tc";
    constexpr std::string_view names[] = {"an", "ns", "ar"};
    for (int section = 0; section < 3; ++section) {
        for (const auto& r : m.sections[section])
            text.append("\n")
                .append(names[section])
                .append(" " + r.owner + " " + std::to_string(r.ttl) + " " + type_name(r.type) +
                        " " + r.data);
    }
    return text;
}

// A responder with a zone that checks of every answer what must hold of all.
class Server {
  public:
    explicit Server(std::string_view text, std::string_view origin = "example.org.")
        : zone_(make_zone(text, origin)) {
        responder.serve(zone_.get());
    }

    Bytes answer(const Bytes& query) {
        std::array<std::uint8_t, 4096> reply;
        const std::size_t size = responder.answer(query, reply);
        return Bytes(reply.begin(), reply.begin() + static_cast<std::ptrdiff_t>(size));
    }

    DecodedMessage ask(std::string_view name, unsigned type, const QueryShape& shape = {}) {
        const Bytes query = make_query(name, type, shape);
        const Bytes reply = answer(query);
        const DecodedMessage m = decode(reply);
        CHECK(reply.size() <=
              (shape.edns ? std::min(1232U, std::max(512U, shape.edns->size)) : 512));
        CHECK(m.id == shape.id);
        CHECK((m.flags & 0x8000) != 0);
        CHECK((m.flags & 0x00f0) == 0);  // neither RA, Z, AD nor CD
        CHECK(m.question_type == type);
        CHECK(m.opt.has_value() == shape.edns.has_value());
        return m;
    }
    std::string show(std::string_view name, unsigned type, const QueryShape& shape = {}) {
        return dns_test::show(ask(name, type, shape));
    }

    const dns::Zone& zone() const { return *zone_; }
    dns::Responder responder;

  private:
    std::unique_ptr<const dns::Zone> zone_;
};

namespace type {
inline constexpr unsigned a = 1, ns = 2, cname = 5, soa = 6, ptr = 12, mx = 15, txt = 16, aaaa = 28,
                          srv = 33, opt = 41, ds = 43, axfr = 252, any = 255;
}  // namespace type

}  // namespace stemma::dns_test
