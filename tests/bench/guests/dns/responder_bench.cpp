// Answers a CPU second of the responder alone, on zones of 10 to 10,000 names: no network, no
// store. Usage: bench_dns_responder [seconds for each line]

#include <array>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <random>
#include <string>
#include <vector>

#include "../../../unit/guests/dns/query_bytes.hpp"
#include "dns/responder.hpp"
#include "dns/zone_loader.hpp"

namespace {

using namespace stemma;
using dns_test::Bytes;

// CPU seconds of this process: what others do at the same time is not in it.
double cpu_seconds() {
    timespec now{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

std::string zone_text(unsigned names) {
    std::string text =
        "$TTL 3600\n@ SOA ns1 hostmaster 1 7200 900 1209600 300\n"
        "@ NS ns1\n@ NS ns2\n@ MX 10 mail\n@ MX 20 mail2\n"
        "ns1 A 10.0.0.53\nns2 A 10.0.0.54\nmail A 10.0.0.25\nmail2 A 10.0.0.26\n"
        "mail AAAA fd00::25\n*.wild A 10.1.1.1\nsub NS ns.sub\nns.sub A 10.2.0.1\n";
    for (unsigned i = 0; i < names; ++i)
        text += "host" + std::to_string(i) + " A 10.3." + std::to_string(i / 250) + "." +
                std::to_string(i % 250 + 1) + "\n";
    return text;
}

void measure(const char* what, const dns::Zone& zone, const std::vector<Bytes>& queries,
             double seconds) {
    dns::Responder responder;
    responder.serve(&zone);
    std::array<std::uint8_t, 1472> reply;
    std::size_t bytes = 0;
    std::size_t answers = 0;
    const double start = cpu_seconds();
    double spent = 0;
    while (spent < seconds) {
        for (const auto& query : queries)
            bytes += responder.answer(query, reply);
        answers += queries.size();
        spent = cpu_seconds() - start;
    }
    std::printf("  %-28s %9.0f answers/CPU s %7.1f ns %7.1f bytes\n", what,
                static_cast<double>(answers) / spent, spent * 1e9 / static_cast<double>(answers),
                static_cast<double>(bytes) / static_cast<double>(answers));
}

}  // namespace

int main(int argc, char** argv) {
    const double seconds = argc > 1 ? std::atof(argv[1]) : 0.5;
    for (const unsigned names : {10U, 1000U, 10000U}) {
        const auto origin = *dns::Name::from_text("example.org.", dns::Name());
        const std::string text = zone_text(names);
        const double start = cpu_seconds();
        dns::ZoneLoader loader(origin, dns::LabelHash(1, 2));
        for (std::size_t at = 0; at < text.size(); at += 2000) {
            if (!loader.feed(std::string_view(text).substr(at, 2000))) return 1;
        }
        const auto loaded = loader.finish();
        if (!loaded) return 1;
        const double load = cpu_seconds() - start;
        const dns::Zone& zone = *loaded->zone;
        std::printf("%u names: %zu records, %zu bytes, loaded in %.2f ms\n", names,
                    zone.record_count(), zone.bytes(), load * 1e3);

        std::mt19937 random(1);
        const auto many = [&](auto make) {
            std::vector<Bytes> queries;
            for (int i = 0; i < 20000; ++i)
                queries.push_back(make());
            return queries;
        };
        const auto host = [&] {
            return "host" + std::to_string(random() % names) + ".example.org";
        };
        const dns_test::QueryShape edns{.edns = dns_test::EdnsOptions{}};
        measure("A", zone, many([&] { return dns_test::make_query(host(), 1); }), seconds);
        measure("A, EDNS", zone, many([&] { return dns_test::make_query(host(), 1, edns); }),
                seconds);
        measure("no such type (AAAA)", zone, many([&] { return dns_test::make_query(host(), 28); }),
                seconds);
        measure("no such name", zone, many([&] {
                    return dns_test::make_query("r" + std::to_string(random()) + ".example.org", 1);
                }),
                seconds);
        measure("wildcard", zone, many([&] {
                    return dns_test::make_query(
                        "r" + std::to_string(random()) + ".wild.example.org", 1);
                }),
                seconds);
        measure("MX with addresses", zone,
                many([&] { return dns_test::make_query("example.org", 15); }), seconds);
        measure("referral with glue", zone,
                many([&] { return dns_test::make_query("a.b.sub.example.org", 1); }), seconds);
    }
    return 0;
}
