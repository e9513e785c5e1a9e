// dns.elf: a zone from the store, a name that is in it and one that is not.
#include <string>

#include "self_test/check_list.hpp"
#include "self_test/guest_rig.hpp"

namespace stemma::self_test {

namespace {

constexpr int figure_rounds = 500;
constexpr net::Ipv4Endpoint client{{0x0a000002}, 4000};
constexpr net::Ipv4Endpoint server{{0x0a000035}, 53};

// One question, for an address (RFC 1035 4.1).
std::vector<std::uint8_t> query(std::string_view host) {
    std::vector<std::uint8_t> bytes{0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0};
    for (const std::string_view label :
         {host, std::string_view("example"), std::string_view("org")}) {
        bytes.push_back(static_cast<std::uint8_t>(label.size()));
        bytes.insert(bytes.end(), label.begin(), label.end());
    }
    bytes.insert(bytes.end(), {0, 0, 1, 0, 1});
    return bytes;
}

// The message that answers, or an empty one.
std::vector<std::uint8_t> ask(GuestRig& rig, const std::vector<std::uint8_t>& question) {
    rig.send(0, {client, server, question});
    rig.run();
    auto replies = rig.take(0);
    if (replies.size() != 1 || replies[0].source != server || replies[0].destination != client)
        return {};
    return std::move(replies[0].payload);
}

}  // namespace

void check_guest(CheckList& checks, rt::Entropy& entropy) {
    const std::string zone = "/stemma/zones/example_2eorg/";
    GuestRig rig(entropy, 1, "address=vif0,10.0.0.53/24 zone=/stemma/zones/example_2eorg");
    MemoryStore& store = rig.store();
    store.set(zone + "origin", "example.org.");
    store.set(zone + "count", "2");
    store.set(zone + "serial", "1");
    // cut in the middle of a word, as chunks are
    store.set(zone + "chunks/0000", "$TTL 60\n@ SOA ns host 7 2 3 4 5\n@ NS ns\nns A 10.0");
    store.set(zone + "chunks/0001", ".0.53\nwww A 192.0.2.1\n");
    if (!checks.check("dns: the guest starts", rig.start())) return;
    rig.run();
    checks.check("dns: it reads its zone from the store and says that it is ready",
                 store.value("data/ready") == "1" && rig.console().has("serving serial 1 (SOA 7)"));

    const auto question = query("www");
    // QR, AA, RD; the question once more; the owner by a pointer, A, IN, 60 s, the address.
    auto expected = question;
    expected[2] = 0x85;
    expected[7] = 1;
    expected.insert(expected.end(), {0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 1});
    checks.check("dns: a name in the zone is answered with its address",
                 ask(rig, question) == expected);

    const auto missing = ask(rig, query("none"));
    constexpr std::uint8_t nxdomain = 3;
    checks.check("dns: a name that is not in it does not exist",
                 missing.size() > 12 && (missing[3] & 15) == nxdomain && missing[7] == 0);

    auto foreign = query("www");
    foreign[25] = '0';  // www.example.0rg
    constexpr std::uint8_t refused = 5;
    const auto reply = ask(rig, foreign);
    checks.check("dns: a name of another zone is refused",
                 reply.size() >= 12 && (reply[3] & 15) == refused);

    rig.take_ticks();
    for (int i = 0; i < figure_rounds; ++i) {
        rig.send(0, {client, server, question});
        rig.run(1);
    }
    checks.figure("dns: an answer", rig.take_ticks() / figure_rounds);
    rig.run(figure_rounds);
    checks.figure("dns: a turn in which nothing came", rig.take_ticks() / figure_rounds);
}

}  // namespace stemma::self_test
