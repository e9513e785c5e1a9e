// Any bytes as a query, to a zone with one of everything: the answer must decode by the tests' own
// decoder, keep to its limit, and never be longer than a header for what is malformed.

#include <cstdlib>

#include "../../../unit/guests/dns/example_zone.hpp"
#include "../../../unit/guests/dns/message_decoder.hpp"
#include "dns/responder.hpp"
#include "dns/zone_loader.hpp"

using namespace stemma;

namespace {
const dns::Zone& zone() {
    static const auto checked = [] {
        const auto origin = dns::Name::from_text("example.org.", dns::Name());
        dns::ZoneLoader loader(*origin, dns::LabelHash(1, 2));
        if (!loader.feed(dns_test::example_zone())) std::abort();
        auto loaded = loader.finish();
        if (!loaded) std::abort();
        return std::move(*loaded);
    }();
    return *checked.zone;
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static dns::Responder responder;
    responder.serve(&zone());
    const std::vector<std::uint8_t> query(data, data + size);
    // The room is exact, so that one byte beyond is seen.
    std::vector<std::uint8_t> reply(size % 3 == 0 ? 1232 : 512 + size % 512);
    const std::size_t used = responder.answer(query, reply);
    if (used > reply.size()) std::abort();
    if (used == 0) return 0;
    const auto message = dns_test::decode(std::span(reply).first(used));
    if ((message.flags & 0x8000) == 0) std::abort();
    if ((message.rcode == 1 || message.rcode == 4) && used > size) std::abort();
    if (!message.opt && used > 512) std::abort();
    return 0;
}
