// Any bytes as a zone's text, whole and in pieces: both ways must come to the same, and what comes
// of it must answer.

#include <cstdlib>
#include <string_view>

#include "../../../unit/guests/dns/message_decoder.hpp"
#include "../../../unit/guests/dns/query_bytes.hpp"
#include "dns/responder.hpp"
#include "dns/zone_loader.hpp"

using namespace stemma;

namespace {
using Result = std::expected<dns::CheckedZone, dns::ZoneError>;

Result load(std::string_view text, std::size_t piece) {
    const auto origin = dns::Name::from_text("x.", dns::Name());
    dns::ZoneLoader loader(*origin, dns::LabelHash(1, 2));
    while (!text.empty()) {
        const auto now = text.substr(0, piece);
        text.remove_prefix(now.size());
        if (auto fed = loader.feed(now); !fed) return std::unexpected(fed.error());
    }
    return loader.finish();
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string text = "@ 1 SOA a b 1 2 3 4 5\n";
    text.append(data, data + size);
    const Result whole = load(text, text.size());
    const Result cut = load(text, 1 + size % 7);
    if (whole.has_value() != cut.has_value()) std::abort();
    if (!whole) {
        if (whole.error() != cut.error()) std::abort();
        return 0;
    }
    if (whole->zone->record_count() != cut->zone->record_count()) std::abort();

    static dns::Responder responder;
    responder.serve(whole->zone.get());
    const dns::NameTree& names = whole->zone->names();
    std::vector<std::uint8_t> reply(1232);
    for (dns::NodeId node = 0; node < std::min<std::size_t>(names.size(), 64); ++node) {
        for (const unsigned type : {1U, 2U, 15U, 255U}) {
            auto query = dns_test::make_query("", type, {.edns = dns_test::EdnsOptions{}});
            const auto name = names.name(node);
            query.erase(query.begin() + 12);
            query.insert(query.begin() + 12, name.wire().begin(), name.wire().end());
            const std::size_t used = responder.answer(query, reply);
            if (used == 0) std::abort();
            dns_test::decode(std::span(reply).first(used));
        }
    }
    responder.serve(nullptr);
    return 0;
}
