// nat.elf: a query and its answer through the translator, and nobody else's.
#include "self_test/check_list.hpp"
#include "self_test/guest_rig.hpp"

namespace stemma::self_test {

namespace {
constexpr int figure_rounds = 500;
}

void check_guest(CheckList& checks, rt::Entropy& entropy) {
    GuestRig rig(entropy, 2, "outside=vif0,10.0.0.1/24 inside=vif1,10.0.1.1/24");
    if (!checks.check("nat: the guest starts", rig.start())) return;
    checks.figure("nat: its start", rig.take_ticks());
    rig.run();
    checks.check("nat: it says that it is ready", rig.store().value("data/ready") == "1");

    const net::Ipv4Endpoint client{{0x0a000102}, 4000};
    const net::Ipv4Endpoint server{{0x0a000035}, 53};
    const net::Ipv4Address shared{0x0a000001};
    const std::vector<std::uint8_t> question{'q', 'u', 'e', 'r', 'y'};  // odd: checksums pad it
    const std::vector<std::uint8_t> answer{'a', 'n', 's', 'w', 'e', 'r'};

    rig.send(1, {client, server, question});
    rig.run();
    const auto out = rig.take(0);
    const bool translated = out.size() == 1 && out[0].source.address == shared;
    checks.check(
        "nat: a packet goes out from the shared address, its checksums good",
        translated && out[0] == Datagram{{shared, out[0].source.port}, server, question, 63});
    checks.check("nat: its mapping stands in the store", rig.store().has_below("data/net/nat/"));
    if (!translated) return;

    rig.send(0, {server, out[0].source, answer});
    rig.run();
    const auto in = rig.take(1);
    checks.check("nat: the answer comes back to the client, its checksums good",
                 in.size() == 1 && in[0] == Datagram{server, client, answer, 63});

    const net::Ipv4Endpoint stranger{{0x0a000036}, 53};
    rig.send(0, {stranger, out[0].source, answer});
    rig.run();
    checks.check("nat: a stranger's packet does not", rig.take(1).empty());

    rig.take_ticks();
    for (int i = 0; i < figure_rounds; ++i) {
        rig.send(1, {client, server, question});
        rig.run(1);
    }
    checks.figure("nat: a packet of a flow it knows", rig.take_ticks() / figure_rounds);
    for (int i = 0; i < figure_rounds; ++i) {
        const auto port = static_cast<std::uint16_t>(10'000 + i);
        rig.send(1, {{client.address, port}, server, question});
        rig.run(1);
    }
    rig.run();
    checks.figure("nat: a packet of a new flow, the mirror's work included",
                  rig.take_ticks() / figure_rounds);
    rig.take(0);
}

}  // namespace stemma::self_test
