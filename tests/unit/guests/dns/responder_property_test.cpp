// What must hold of every answer, over random zones and random queries.

#include <set>

#include "dns/responder.hpp"
#include "random_zone.hpp"
#include "zone_fixture.hpp"

using namespace stemma;
using namespace stemma::dns_test;

namespace {

std::multiset<std::string> records(const DecodedMessage& m) {
    std::multiset<std::string> out;
    for (const auto& section : m.sections) {
        for (const auto& r : section)
            out.insert(lower(r.owner + " " + std::to_string(r.type) + " " + r.data));
    }
    return out;
}

}  // namespace

TEST_CASE("every answer is well formed, within its limit, and without duplicates") {
    for (unsigned seed = 1; seed <= 40; ++seed) {
        RandomZone generator(seed);
        const std::string text = generator.zone();
        Server server(text);
        for (int i = 0; i < 200; ++i) {
            const std::string name = generator.name() + (generator.below(20) ? ".example.org" : "");
            const unsigned asked = generator.type();
            CAPTURE(seed, name, asked);
            // ask() decodes, which checks the form, and checks the size
            const auto plain = server.ask(name, asked);
            const auto edns =
                server.ask(name, asked, {.edns = EdnsOptions{.size = 300 + generator.below(1200)}});
            const auto whole = server.ask(name, asked, {.edns = EdnsOptions{}});

            // A larger limit never takes something away.
            CHECK(whole.rcode == plain.rcode);
            CHECK(whole.authoritative() == plain.authoritative());
            const auto all = records(whole);
            for (const auto* m : {&plain, &edns}) {
                const auto some = records(*m);
                CHECK(std::includes(all.begin(), all.end(), some.begin(), some.end()));
                if (!m->truncated()) CHECK(m->sections[0].size() == whole.sections[0].size());
                if (!m->truncated()) CHECK(m->sections[1].size() == whole.sections[1].size());
            }
            // No record twice, in one section or in two.
            for (auto at = all.begin(); at != all.end(); ++at)
                CHECK(all.count(*at) == 1);

            // What an answer is: data and authority, a denial with its SOA, a referral, a refusal.
            const bool denied =
                whole.sections[1].size() == 1 && whole.sections[1][0].type == type::soa;
            if (whole.rcode == 3) CHECK(denied);
            if (whole.rcode == 0 && !whole.truncated())
                CHECK(whole.sections[0].size() + whole.sections[1].size() > 0);
            if (!whole.authoritative()) CHECK(whole.sections[0].empty());
            if (whole.rcode == 5) CHECK(all.empty());

            // Letters' case makes no difference.
            std::string upper = name;
            for (char& c : upper)
                c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
            CHECK(records(server.ask(upper, asked, {.edns = EdnsOptions{}})) == all);
        }
    }
}

TEST_CASE("damaged queries get an answer that is well formed, or none, and never a long one") {
    RandomZone generator(99);
    Server server(generator.zone());
    for (int i = 0; i < 50000; ++i) {
        QueryShape shape;
        if (generator.below(2)) shape.edns = EdnsOptions{.size = 4096, .options = {0, 10, 0, 1, 7}};
        Bytes query = make_query(generator.name() + ".example.org", generator.type(), shape);
        for (unsigned n = 1 + generator.below(3); n > 0; --n)
            query[generator.below(static_cast<unsigned>(query.size()))] =
                static_cast<std::uint8_t>(generator.below(256));
        if (generator.below(4) == 0)
            query.resize(generator.below(static_cast<unsigned>(query.size())));
        const Bytes reply = server.answer(query);
        if (reply.empty()) continue;
        CHECK(reply.size() <= 1232);
        const auto m = decode(reply);
        CHECK((m.flags & 0x8000) != 0);
        if (m.rcode == 1 || m.rcode == 4) CHECK(reply.size() <= query.size());
    }
}
