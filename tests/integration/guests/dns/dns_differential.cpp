// Asks our responder and Debian's NSD, both with the same zones, the same questions, and compares
// the answers field by field: rcode, AA, TC, and the sections as sets. Where the two differ for a
// reason that was thought about, the reason is counted and printed; anything else fails.
// Usage: dns_differential [random zones]

#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <set>

#include "../../../unit/guests/dns/example_zone.hpp"
#include "../../../unit/guests/dns/message_decoder.hpp"
#include "../../../unit/guests/dns/query_bytes.hpp"
#include "../../../unit/guests/dns/random_zone.hpp"
#include "dns/responder.hpp"
#include "dns/zone_loader.hpp"
#include "nsd_process.hpp"

using namespace stemma;
using namespace stemma::dns_test;

namespace {

constexpr int skipped = 77;

using Records = std::set<std::string>;

Records records(const DecodedMessage& m, int section) {
    Records out;
    for (const auto& r : m.sections[section])
        out.insert(lower(r.owner + " " + std::to_string(r.ttl) + " " + std::to_string(r.type) +
                         " " + r.data));
    return out;
}

std::string show(const DecodedMessage& m) {
    std::string text = "  rcode " + std::to_string(m.rcode) + (m.authoritative() ? " aa" : "") +
                       (m.truncated() ? " tc" : "") + "\n";
    constexpr const char* names[] = {"  an ", "  ns ", "  ar "};
    for (int section = 0; section < 3; ++section) {
        for (const auto& record : records(m, section))
            text += names[section] + record + "\n";
    }
    return text;
}

bool includes(const Records& all, const Records& some) {
    return std::includes(all.begin(), all.end(), some.begin(), some.end());
}

// Then each of our addresses is asked for by itself.
constexpr const char* courtesy = "other addresses sent as a courtesy";

// Nothing when both say the same; else why they may differ; "" when they may not.
std::optional<std::string> difference(const DecodedMessage& ours, const DecodedMessage& theirs,
                                      unsigned type, unsigned klass) {
    const Records our[] = {records(ours, 0), records(ours, 1), records(ours, 2)};
    const Records their[] = {records(theirs, 0), records(theirs, 1), records(theirs, 2)};
    const bool header =
        ours.rcode == theirs.rcode && ours.authoritative() == theirs.authoritative();
    if (header && ours.truncated() == theirs.truncated() && std::equal(our, our + 3, their))
        return std::nullopt;
    if (type == 251 || type == 252) return "transfers over UDP: NOTIMP here";
    if (klass == 255 && ours.rcode == theirs.rcode && std::equal(our, our + 3, their))
        return "class ANY: never with authority here";
    if (!header) return "";
    if (type == 255 && !our[0].empty() && !their[0].empty())
        return "ANY: another RRset chosen, or more than one (RFC 8482)";
    if (klass == 255 && their[1].empty() && our[0] == their[0])
        return "class ANY, no data: NSD leaves out the SOA";
    const bool referral = our[0].empty() && !ours.authoritative() && ours.rcode == 0;
    if (ours.truncated() && theirs.truncated()) return "truncated by both, other parts of it sent";
    if (referral && ours.truncated() && our[1] == their[1])
        return "referral without all glue of its own zone: TC here (RFC 9471)";
    if (ours.truncated() || theirs.truncated()) return "";
    if (our[0] != their[0]) return "";
    if (our[1] == their[1]) return courtesy;
    if (our[0].empty() || !our[1].empty()) return "";
    return includes(their[2], our[2])
               ? "positive answer: NSD adds the zone's NS and their addresses"
               : courtesy;
}

struct Served {
    std::string origin;
    std::string text;
    std::unique_ptr<const dns::Zone> zone;
    std::unique_ptr<dns::Responder> responder;
};

class Comparison {
  public:
    explicit Comparison(const NsdProcess& nsd) : nsd_(nsd) {}

    void ask(Served& served, const Bytes& query, const std::string& what) {
        ++asked_;
        std::array<std::uint8_t, 4096> room;
        const std::size_t size = served.responder->answer(query, room);
        const Bytes reply = nsd_.ask(query);
        if (size == 0 || reply.empty()) {
            if (size != 0 || !reply.empty())
                fail(what, size == 0 ? "no answer here\n" : "no answer from NSD\n");
            return;
        }
        const auto ours = decode(std::span(room).first(size));
        const auto theirs = decode(reply);
        const auto reason = difference(ours, theirs, ours.question_type, ours.question_class);
        if (!reason) {
            ++same_;
        } else if (!reason->empty() && (*reason != courtesy || are_true(ours))) {
            ++reasons_[*reason];
        } else {
            fail(what, " ours:\n" + show(ours) + " NSD:\n" + show(theirs));
        }
    }

    // True if all was well.
    bool report() const {
        std::printf("%zu questions, %zu answered alike\n", asked_, same_);
        for (const auto& [reason, count] : reasons_)
            std::printf("%6zu differ: %s\n", count, reason.c_str());
        std::printf("%6zu differ without a reason\n", failed_);
        return failed_ == 0;
    }

  private:
    // Whether NSD gives the same addresses when it is asked for them.
    bool are_true(const DecodedMessage& ours) const {
        for (const auto& record : ours.sections[2]) {
            const Bytes reply = nsd_.ask(make_query(record.owner, record.type));
            if (reply.empty()) return false;
            const auto m = decode(reply);
            DecodedMessage alone;
            alone.sections[0].push_back(record);
            if (!includes(records(m, 0), records(alone, 0)) &&
                !includes(records(m, 2), records(alone, 0)))
                return false;
        }
        return true;
    }

    void fail(const std::string& what, const std::string& how) {
        if (++failed_ <= 10) std::printf("%s\n%s", what.c_str(), how.c_str());
    }

    const NsdProcess& nsd_;
    std::size_t asked_ = 0;
    std::size_t same_ = 0;
    std::size_t failed_ = 0;
    std::map<std::string, std::size_t> reasons_;
};

bool load(Served& served) {
    const auto origin = dns::Name::from_text(served.origin, dns::Name());
    dns::ZoneLoader loader(*origin, dns::LabelHash(1, 2));
    const auto fed = loader.feed(served.text);
    auto checked = loader.finish();
    if (!fed || !checked) {
        std::printf("%s: %s\n", served.origin.c_str(),
                    (fed ? checked.error() : fed.error()).text().c_str());
        return false;
    }
    served.zone = std::move(checked->zone);
    served.responder = std::make_unique<dns::Responder>();
    served.responder->serve(served.zone.get());
    return true;
}

// Many records of every size, so that answers are cut at every limit.
std::string wide_zone() {
    std::string text = "$TTL 60\n@ SOA ns h 1 2 3 4 5\n@ NS ns\nns A 10.0.0.1\n";
    for (int set = 1; set < 40; ++set) {
        for (int i = 0; i < set; ++i)
            text += "t" + std::to_string(set) + " TXT " + std::to_string(i) + "-" +
                    std::string(40, 'x') + "\nm" + std::to_string(set) + " MX " +
                    std::to_string(i) + " mail" + std::to_string(i) + "\n";
        text += "mail" + std::to_string(set) + " A 10.0.0." + std::to_string(set) + "\n";
    }
    for (int i = 0; i < 13; ++i)
        text += "sub NS ns" + std::to_string(i) + ".sub\nns" + std::to_string(i) +
                ".sub A 10.0.1." + std::to_string(i) + "\nns" + std::to_string(i) +
                ".sub AAAA fd00::" + std::to_string(i) + "\n";
    return text;
}

const std::string rfc4592_zone = R"(
$TTL 3600
@           SOA ns.example.com. h.example.com. 1 2 3 4 5
@           NS  ns.example.com.
*           TXT "this is a wildcard"
*           MX  10 host1
sub.*       TXT "this is not a wildcard"
host1       A   192.0.2.1
_ssh._tcp.host1 SRV 0 0 22 host1
_ssh._tcp.host2 SRV 0 0 22 host1
subdel      NS  ns.example.com.
)";

void ask_about(Served& served, RandomZone& random, Comparison& comparison, unsigned count) {
    const std::string below = served.origin == "." ? "" : "." + served.origin;
    const dns::NameTree& names = served.zone->names();
    for (unsigned i = 0; i < count; ++i) {
        std::string name;
        switch (random.below(5)) {
            case 0:
            case 1:
                // a name that the zone speaks of; the generator's have no escapes but of '*'
                name = names.name(random.below(static_cast<unsigned>(names.size()))).text();
                break;
            case 2:
                name = random.name() + "." +
                       names.name(random.below(static_cast<unsigned>(names.size()))).text();
                break;
            case 3:
                name = random.name() + below;
                break;
            default:
                name = random.name() + "." + random.name() + below;
                break;
        }
        if (name.size() > 200) continue;
        QueryShape shape;
        shape.id = 256 + random.below(65000);
        if (random.below(10) == 0) shape.flags = random.below(0x200) & 0x0170;
        if (random.below(50) == 0) shape.klass = 255;
        if (random.below(2)) {
            constexpr unsigned sizes[] = {0, 512, 600, 900, 1232, 4096};
            shape.edns = EdnsOptions{.size = sizes[random.below(6)]};
            if (random.below(5) == 0) shape.edns->options = {0, 99, 0, 2, 1, 2};
            if (random.below(30) == 0) shape.edns->version = 1;
            if (random.below(5) == 0) shape.edns->flags = 0x8000;
        }
        unsigned type = random.type();
        if (random.below(100) == 0) type = 251 + random.below(2);
        std::string what = served.origin + ": " + name + " type " + std::to_string(type) +
                           " class " + std::to_string(shape.klass);
        if (shape.edns)
            what += " edns " + std::to_string(shape.edns->version) + " size " +
                    std::to_string(shape.edns->size);
        comparison.ask(served, make_query(name, type, shape), what);
    }
}

}  // namespace

int main(int argc, char** argv) {
    if (!NsdProcess::is_installed()) {
        std::puts("skipped: nsd is not installed");
        return skipped;
    }
    const char* const long_run = std::getenv("STEMMA_LONG");
    const int random_zones = argc > 1                                        ? std::atoi(argv[1])
                             : long_run && std::string_view(long_run) == "1" ? 1000
                                                                             : 60;
    std::vector<Served> zones;
    zones.push_back({"example.org.", example_zone(), nullptr, nullptr});
    zones.push_back({"example.", rfc4592_zone, nullptr, nullptr});
    zones.push_back({"wide.test.", wide_zone(), nullptr, nullptr});
    for (int i = 0; i < random_zones; ++i) {
        RandomZone random(static_cast<unsigned>(i + 1));
        zones.push_back({"z" + std::to_string(i) + ".test.", random.zone(), nullptr, nullptr});
    }
    std::vector<ZoneFile> files;
    for (auto& zone : zones) {
        if (!load(zone)) return 1;
        files.push_back({zone.origin, zone.text});
    }
    std::string why;
    const auto nsd = NsdProcess::start(files, why);
    if (!nsd) {
        std::printf("%s\n", why.c_str());
        return 1;
    }
    Comparison comparison(*nsd);
    for (std::size_t i = 0; i < zones.size(); ++i) {
        RandomZone random(static_cast<unsigned>(1000 + i));
        ask_about(zones[i], random, comparison, i < 3 ? 1500 : 100);
    }
    return comparison.report() ? 0 : 1;
}
