#include "probe/echo_service.hpp"

#include <algorithm>

namespace stemma::probe {

bool EchoService::start(net::Ipv4Stack& stack, net::TcpEndpoint& tcp, std::uint16_t port) {
    tcp_ = &tcp;
    return stack.bind_udp(*this, port, port) && tcp.listen(port);
}

void EchoService::datagram(net::UdpDatagram& datagram) {
    const auto size = datagram.payload.size();
    const auto room = datagram.reserve_reply(size);
    if (room.size() < size) return;
    std::copy(datagram.payload.begin(), datagram.payload.end(), room.begin());
    datagram.send_reply(size);
}

void EchoService::run(rt::Instant now) {
    if (tcp_ == nullptr) return;
    while (auto* connection = tcp_->accept())
        connections_.push_back(connection);
    for (auto* connection : connections_) {
        while (!connection->readable().empty()) {
            const auto taken = connection->write(connection->readable(), now);
            if (taken == 0) break;
            connection->consume(taken, now);
        }
        if (connection->at_end()) connection->close(now);
    }
    std::erase_if(connections_, [&](net::TcpConnection* connection) {
        if (connection->state() != net::TcpConnection::State::closed) return false;
        tcp_->release(*connection);
        return true;
    });
}

}  // namespace stemma::probe
