#include "nat/tcp_state.hpp"

#include <catch2/catch.hpp>

#include "nat/timeouts.hpp"
#include "packets.hpp"

namespace stemma::nat {

using test::ack;
using test::fin;
using test::rst;
using test::syn;

TEST_CASE("Segments move a session as RFC 7857 figure 1 says") {
    struct Case {
        const char* what;
        TcpState state;
        Side from;
        std::uint8_t flags;
        TcpState next;
        bool refresh;
    };
    constexpr auto in = Side::inside;
    constexpr auto out = Side::outside;
    constexpr Case cases[] = {
        {"SYN from inside", TcpState::none, in, syn, TcpState::inside_syn, true},
        {"SYN from outside", TcpState::none, out, syn, TcpState::outside_syn, true},
        {"no SYN opens nothing", TcpState::none, in, ack, TcpState::none, false},
        {"SYN sent again", TcpState::inside_syn, in, syn, TcpState::inside_syn, true},
        {"SYN-ACK", TcpState::inside_syn, out, syn | ack, TcpState::established, true},
        {"simultaneous open", TcpState::inside_syn, out, syn, TcpState::established, true},
        {"answer to outside", TcpState::outside_syn, in, syn | ack, TcpState::established, true},
        {"refused", TcpState::inside_syn, out, rst | ack, TcpState::inside_syn, false},
        {"no answer yet", TcpState::inside_syn, in, ack, TcpState::inside_syn, false},
        {"data out", TcpState::established, in, ack, TcpState::established, true},
        {"data in", TcpState::established, out, ack, TcpState::established, true},
        {"FIN from inside", TcpState::established, in, fin | ack, TcpState::inside_fin, true},
        {"FIN from outside", TcpState::established, out, fin | ack, TcpState::outside_fin, true},
        {"FIN again", TcpState::inside_fin, in, fin | ack, TcpState::inside_fin, true},
        {"half closed, data", TcpState::inside_fin, out, ack, TcpState::inside_fin, true},
        {"second FIN", TcpState::inside_fin, out, fin | ack, TcpState::closed, true},
        {"second FIN", TcpState::outside_fin, in, fin | ack, TcpState::closed, true},
        {"last ACK", TcpState::closed, in, ack, TcpState::closed, false},
        {"RST of a closed one", TcpState::closed, in, rst, TcpState::closed, false},
        {"ports used again", TcpState::closed, in, syn, TcpState::inside_syn, true},
        {"RST from outside", TcpState::established, out, rst, TcpState::reset, true},
        {"RST half closed", TcpState::outside_fin, in, rst, TcpState::reset, true},
        {"RST again", TcpState::reset, out, rst, TcpState::reset, false},
        {"the RST was forged", TcpState::reset, out, ack, TcpState::established, true},
        {"opened again", TcpState::reset, in, syn, TcpState::inside_syn, true},
    };
    for (const auto& c : cases) {
        CAPTURE(c.what);
        const TcpStep step = tcp_step(c.state, c.from, c.flags);
        CHECK(step.state == c.next);
        CHECK(step.refresh == c.refresh);
    }
}

TEST_CASE("Timeouts are at least those of the RFCs") {
    constexpr Timeouts timeouts;
    // RFC 4787 REQ-5, RFC 5382 REQ-5, RFC 5508 REQ-2
    CHECK(timeouts.of(Protocol::udp, TcpState::none) == 300);
    CHECK(timeouts.of(Protocol::icmp, TcpState::none) >= 60);
    for (const auto state : {TcpState::established, TcpState::inside_fin, TcpState::outside_fin})
        CHECK(timeouts.of(Protocol::tcp, state) >= 2 * 3600 + 4 * 60);
    for (const auto state :
         {TcpState::inside_syn, TcpState::outside_syn, TcpState::closed, TcpState::reset})
        CHECK(timeouts.of(Protocol::tcp, state) >= 4 * 60);
}

}  // namespace stemma::nat
