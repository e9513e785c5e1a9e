#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "net/ipv4_stack.hpp"
#include "net/tcp_connection.hpp"
#include "net/text.hpp"
#include "rt/entropy.hpp"
#include "rt/time.hpp"

namespace stemma::net {

// TCP on an Ipv4Stack: finds the connection of a segment, makes new ones. Users look at their
// connections after each receive(); nobody is called back.
//
// Bounds: connections_max connections, of them half_open_max not yet established from outside; at
// either bound the oldest half-open one, or one in TIME-WAIT, gives way, else the SYN is ignored.
class TcpEndpoint final : public TcpHandler, private TcpOutput {
  public:
    static constexpr std::size_t connections_max = 64;
    static constexpr std::size_t half_open_max = 16;
    static constexpr std::size_t listening_max = 8;

    // Both outlive the endpoint, which becomes the stack's handler of TCP.
    TcpEndpoint(Ipv4Stack& stack, rt::Entropy& entropy);
    TcpEndpoint(const TcpEndpoint&) = delete;
    TcpEndpoint& operator=(const TcpEndpoint&) = delete;

    // Calls `to` from a free port. Null without a route or at the bound. The connection stays until
    // release().
    TcpConnection* connect(const Ipv4Endpoint& to, rt::Instant now,
                           TcpConnection::Options options = {});

    // Answers calls to `port`; false beyond listening_max.
    bool listen(std::uint16_t port, const TcpConnection::Options& options = {});
    // The next established connection from outside that nobody took; null if none. It stays until
    // release().
    TcpConnection* accept();

    // Its user is done with it: it ends when it is closed, and must be closed or aborted.
    void release(TcpConnection& connection);

    rt::Instant run(rt::Instant now);
    std::size_t size() const { return connections_.size(); }

    bool segment(const LocalPacket& packet, const TcpHeader& header) override;

  private:
    struct Held {
        std::unique_ptr<TcpConnection> connection;
        bool from_outside = false;
        bool taken = false;  // by accept() or connect()
        bool released = false;
    };
    struct Listening {
        std::uint16_t port = 0;
        TcpConnection::Options options;
    };

    TcpOutput& output() { return *this; }
    Held* find(const Ipv4Endpoint& local, const Ipv4Endpoint& remote);
    bool make_room(bool from_outside);
    std::optional<std::uint16_t> free_port(const Ipv4Endpoint& to);
    void open(const LocalPacket& packet, const TcpHeader& header, std::optional<std::uint16_t> mss,
              const TcpConnection::Options& options);
    void send_segment(const Ipv4Endpoint& local, const Ipv4Endpoint& remote,
                      const TcpHeader& header, std::optional<std::uint16_t> mss,
                      std::span<const std::span<const std::uint8_t>> text,
                      rt::Instant now) override;

    Ipv4Stack& stack_;
    rt::Entropy& entropy_;
    std::vector<Held> connections_;
    std::vector<Listening> listening_;
};

}  // namespace stemma::net
