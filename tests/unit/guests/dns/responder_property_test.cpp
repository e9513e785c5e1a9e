// What must hold of every answer, over random zones and random queries.

#include <random>
#include <set>

#include "dns/responder.hpp"
#include "zone_fixture.hpp"

using namespace stemma;
using namespace stemma::dns_test;

namespace {

class Generator {
  public:
    explicit Generator(unsigned seed) : random_(seed) {}

    unsigned below(unsigned n) { return static_cast<unsigned>(random_() % n); }

    // Few labels, so that names meet.
    std::string name() {
        constexpr std::string_view labels[] = {"a", "b", "C", "*", "sub", "ns", "www"};
        std::string text;
        for (unsigned n = 1 + below(4); n > 0; --n)
            text.append(text.empty() ? "" : ".").append(labels[below(7)]);
        return text;
    }
    std::string target() {
        switch (below(6)) {
            case 0:
                return "host.other.net.";
            case 1:
                return name() + ".other.net.";
            default:
                return name();
        }
    }
    std::string zone() {
        std::string text = "$TTL 60\n@ SOA ns h 1 2 3 4 5\n@ NS ns\n@ NS ns.other.net.\n";
        std::set<std::string> cnames;
        std::set<std::string> others;
        for (unsigned n = below(60); n > 0; --n) {
            const std::string owner = name();
            const std::string key = lower(owner);
            const unsigned kind = below(8);
            if (kind == 0) {
                if (others.contains(key) || !cnames.insert(key).second) continue;
                text += owner + " CNAME " + target() + "\n";
                continue;
            }
            if (cnames.contains(key)) continue;
            others.insert(key);
            switch (kind) {
                case 1:
                    text += owner + " NS " + target() + "\n";
                    break;
                case 2:
                    text += owner + " MX " + std::to_string(below(9)) + " " + target() + "\n";
                    break;
                case 3:
                    text += owner + " SRV 1 2 3 " + target() + "\n";
                    break;
                case 4:
                    text += owner + " TXT \"" + std::string(below(200), 'x') + "\" " +
                            std::to_string(below(9)) + "\n";
                    break;
                case 5:
                    text += owner + " AAAA fd00::" + std::to_string(below(99)) + "\n";
                    break;
                default:
                    text += owner + " A 10.0.0." + std::to_string(below(99)) + "\n";
                    break;
            }
        }
        return text;
    }
    unsigned type() {
        constexpr unsigned types[] = {1, 1, 2, 5, 6, 12, 15, 16, 28, 33, 43, 255, 1000};
        return types[below(13)];
    }

  private:
    std::mt19937 random_;
};

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
        Generator generator(seed);
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
    Generator generator(99);
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
