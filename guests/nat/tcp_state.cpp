#include "nat/tcp_state.hpp"

#include "net/tcp_header.hpp"

namespace stemma::nat {

TcpStep tcp_step(TcpState state, Side from, std::uint8_t flags) {
    const bool syn = (flags & net::TcpHeader::syn) != 0;
    const bool fin = (flags & net::TcpHeader::fin) != 0;
    const bool rst = (flags & net::TcpHeader::rst) != 0;
    const bool inside = from == Side::inside;
    const TcpState own_syn = inside ? TcpState::inside_syn : TcpState::outside_syn;
    const TcpState own_fin = inside ? TcpState::inside_fin : TcpState::outside_fin;

    switch (state) {
        case TcpState::none:
            return {syn && !rst ? own_syn : TcpState::none, syn && !rst};
        case TcpState::inside_syn:
        case TcpState::outside_syn:
            // Also the second SYN of a simultaneous open (RFC 5382 REQ-2).
            if (!syn || rst) return {state, false};
            return {state == own_syn ? state : TcpState::established, true};
        case TcpState::established:
            if (rst) return {TcpState::reset, true};
            return {fin ? own_fin : state, true};
        case TcpState::inside_fin:
        case TcpState::outside_fin:
            if (rst) return {TcpState::reset, true};
            return {fin && state != own_fin ? TcpState::closed : state, true};
        case TcpState::closed:
            // The same ports may be used again at once.
            return {syn && !rst ? own_syn : state, syn && !rst};
        case TcpState::reset:
            if (rst) return {state, false};
            return {syn ? own_syn : TcpState::established, true};
    }
    return {state, false};
}

}  // namespace stemma::nat
