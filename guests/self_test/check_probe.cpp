// probe.elf: a name resolved, from the query that goes out to the line on the console.
#include <string_view>

#include "self_test/check_list.hpp"
#include "self_test/guest_rig.hpp"

namespace stemma::self_test {

void check_guest(CheckList& checks, rt::Entropy& entropy) {
    const net::Ipv4Endpoint resolver{{0x0a000035}, 53};
    const net::Ipv4Address own{0x0a000002};
    GuestRig rig(entropy, 1, "address=vif0,10.0.0.2/24 resolver=10.0.0.53 resolve=www.example.org");
    if (!checks.check("probe: the guest starts", rig.start())) return;
    rig.run();
    checks.check("probe: it says that it is ready", rig.store().value("data/ready") == "1");

    // After the two bytes of the id: RD, one question; the name; A, IN (RFC 1035 4.1).
    using namespace std::string_view_literals;
    constexpr std::string_view question = "\1\0\0\1\0\0\0\0\0\0\3www\7example\3org\0\0\1\0\1"sv;
    const auto sent = rig.take(0);
    const bool asked = sent.size() == 1 && sent[0].source.address == own &&
                       sent[0].destination == resolver &&
                       sent[0].payload.size() == 2 + question.size() &&
                       std::string_view(reinterpret_cast<const char*>(sent[0].payload.data()) + 2,
                                        question.size()) == question;
    if (!checks.check("probe: its query goes out, its checksums good", asked)) return;

    auto answer = sent[0].payload;
    answer[2] = 0x85;
    answer[7] = 1;
    answer.insert(answer.end(), {0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 1});
    rig.send(0, {resolver, sent[0].source, answer});
    rig.run(3000);  // it reports once a second
    checks.check("probe: the answer is read and told",
                 rig.console().has("resolve www.example.org: 192.0.2.1, "));
    checks.check("probe: its report stands in the store",
                 rig.store().value("data/probe/resolve/ok") == "1");
}

}  // namespace stemma::self_test
