#include "net/tcp_endpoint.hpp"

#include <algorithm>

#include "net/byte_order.hpp"
#include "net/checksum.hpp"

namespace stemma::net {

namespace {

// RFC 6335's dynamic ports
constexpr std::uint16_t first_dynamic_port = 49152;

// What fits one packet, of our text.
std::uint16_t mss_of(std::size_t mtu) {
    return static_cast<std::uint16_t>(std::clamp<std::size_t>(mtu, 576, 65535) - Ipv4Header::size -
                                      TcpHeader::size);
}

}  // namespace

TcpEndpoint::TcpEndpoint(Ipv4Stack& stack, rt::Entropy& entropy)
    : stack_(stack), entropy_(entropy) {
    stack.set_tcp(this);
}

TcpEndpoint::Held* TcpEndpoint::find(const Ipv4Endpoint& local, const Ipv4Endpoint& remote) {
    for (auto& held : connections_) {
        if (held.connection->local() == local && held.connection->remote() == remote) return &held;
    }
    return nullptr;
}

std::optional<std::uint16_t> TcpEndpoint::free_port(const Ipv4Endpoint& to) {
    constexpr unsigned count = 65536 - first_dynamic_port;
    // RFC 6056 algorithm 1: a random port, then the ones behind it
    const unsigned start = entropy_.get<std::uint16_t>() % count;
    for (unsigned i = 0; i < count; ++i) {
        const auto port = static_cast<std::uint16_t>(first_dynamic_port + (start + i) % count);
        const bool used = std::any_of(connections_.begin(), connections_.end(), [&](const Held& h) {
            return h.connection->local().port == port && h.connection->remote() == to;
        });
        if (!used) return port;
    }
    return std::nullopt;
}

bool TcpEndpoint::make_room(bool from_outside) {
    const auto is_half_open = [](const Held& h) {
        return h.from_outside && h.connection->state() == TcpConnection::State::syn_received;
    };
    const auto is_waiting = [](const Held& h) {
        return h.released && h.connection->state() == TcpConnection::State::time_wait;
    };
    auto victim = connections_.end();
    const auto half_open = std::count_if(connections_.begin(), connections_.end(), is_half_open);
    if (connections_.size() >= connections_max) {
        victim = std::find_if(connections_.begin(), connections_.end(), is_waiting);
        if (victim == connections_.end())
            victim = std::find_if(connections_.begin(), connections_.end(), is_half_open);
        if (victim == connections_.end()) return false;
    } else if (from_outside && half_open >= std::ptrdiff_t{half_open_max}) {
        victim = std::find_if(connections_.begin(), connections_.end(), is_half_open);
    }
    if (victim != connections_.end()) connections_.erase(victim);
    return true;
}

TcpConnection* TcpEndpoint::connect(const Ipv4Endpoint& to, rt::Instant now,
                                    TcpConnection::Options options) {
    const auto route = stack_.route(to.address);
    const auto port = free_port(to);
    if (!route || !port || !make_room(false)) return nullptr;
    options.mss = std::min(options.mss, mss_of(route->interface->port().mtu()));
    // RFC 6528 asks that nobody can guess the number: a random one for each connection
    auto connection =
        std::make_unique<TcpConnection>(output(), Ipv4Endpoint{route->interface->address(), *port},
                                        to, entropy_.get<std::uint32_t>(), options);
    auto* made = connection.get();
    connections_.push_back({std::move(connection), false, true, false});
    made->connect(now);
    return made;
}

bool TcpEndpoint::listen(std::uint16_t port, const TcpConnection::Options& options) {
    if (listening_.size() >= listening_max) return false;
    listening_.push_back({port, options});
    return true;
}

TcpConnection* TcpEndpoint::accept() {
    for (auto& held : connections_) {
        const auto state = held.connection->state();
        if (held.taken || state == TcpConnection::State::syn_received ||
            state == TcpConnection::State::closed)
            continue;
        held.taken = true;
        return held.connection.get();
    }
    return nullptr;
}

void TcpEndpoint::release(TcpConnection& connection) {
    for (auto& held : connections_) {
        if (held.connection.get() == &connection) held.released = true;
    }
}

rt::Instant TcpEndpoint::run(rt::Instant now) {
    rt::Instant next = rt::Instant::never();
    for (auto& held : connections_)
        next = std::min(next, held.connection->run(now));
    // who was never taken has no user to look at the end
    std::erase_if(connections_, [](const Held& held) {
        return held.connection->state() == TcpConnection::State::closed &&
               (held.released || !held.taken);
    });
    return next;
}

bool TcpEndpoint::segment(const LocalPacket& packet, const TcpHeader& header) {
    const Ipv4Endpoint local{packet.ip.destination, header.destination_port};
    const Ipv4Endpoint remote{packet.ip.source, header.source_port};
    const auto mss = read_tcp_mss(
        packet.payload.subspan(TcpHeader::size, header.header_length - TcpHeader::size));
    Held* held = find(local, remote);
    if (held != nullptr && held->connection->state() != TcpConnection::State::closed) {
        held->connection->segment(header, mss, packet.payload.subspan(header.header_length),
                                  packet.now);
        return true;
    }
    const auto listening =
        std::find_if(listening_.begin(), listening_.end(),
                     [&](const Listening& l) { return l.port == header.destination_port; });
    if (listening == listening_.end() || held != nullptr) return false;
    // RFC 9293 section 3.10.7.2: resets are ignored, acknowledgements are not for us
    if (header.has(TcpHeader::rst)) return true;
    if (header.has(TcpHeader::ack)) return false;
    if (header.has(TcpHeader::syn)) open(packet, header, mss, listening->options);
    return true;
}

void TcpEndpoint::open(const LocalPacket& packet, const TcpHeader& header,
                       std::optional<std::uint16_t> mss, const TcpConnection::Options& options) {
    if (!make_room(true)) return;
    auto fitted = options;
    fitted.mss = std::min(options.mss, mss_of(packet.interface.port().mtu()));
    auto connection = std::make_unique<TcpConnection>(
        output(), Ipv4Endpoint{packet.ip.destination, header.destination_port},
        Ipv4Endpoint{packet.ip.source, header.source_port}, entropy_.get<std::uint32_t>(), fitted);
    auto* made = connection.get();
    connections_.push_back({std::move(connection), true, false, false});
    made->accept(header, mss, packet.now);
}

void TcpEndpoint::send_segment(const Ipv4Endpoint& local, const Ipv4Endpoint& remote,
                               const TcpHeader& header, std::optional<std::uint16_t> mss,
                               std::span<const std::span<const std::uint8_t>> text,
                               rt::Instant now) {
    const auto route = stack_.route(remote.address);
    if (!route || route->interface->address() != local.address) return;
    TcpHeader whole = header;
    if (mss) whole.header_length += 4;
    std::size_t size = whole.header_length;
    for (const auto piece : text)
        size += piece.size();
    const auto fill = [&](std::span<std::uint8_t> room) {
        whole.write(room.first<TcpHeader::size>());
        if (mss) {
            room[20] = 2;
            room[21] = 4;
            store_be16(&room[22], *mss);
        }
        auto at = room.begin() + whole.header_length;
        for (const auto piece : text)
            at = std::copy(piece.begin(), piece.end(), at);
        store_be16(&room[16],
                   transport_checksum(local.address, remote.address, ip_protocol::tcp, room));
    };
    stack_.send(*route, remote.address, ip_protocol::tcp, size, now, fill);
}

}  // namespace stemma::net
