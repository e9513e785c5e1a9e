#pragma once

#include "xenstored/connection.hpp"
#include "xenstored/descriptor.hpp"
#include "xenstored/poller.hpp"

namespace stemma::xenstored {

// A connected, non-blocking stream socket.
class SocketTransport final : public Transport {
  public:
    // `key` is what the poller reports for it; the socket leaves the poller with this object.
    SocketTransport(Descriptor socket, Poller& poller, PollKey key)
        : socket_(std::move(socket)), poller_(&poller), key_(key) {}
    ~SocketTransport() override { poller_->remove(socket_.get()); }

    std::expected<std::size_t, End> read(std::span<std::byte> room) override;
    std::expected<std::size_t, End> write(
        std::span<const std::span<const std::byte>> parts) override;
    void interest(bool readable, bool writable) override;
    void finish_turn() override {}
    int descriptor() const override { return socket_.get(); }

  private:
    Descriptor socket_;
    Poller* poller_;
    PollKey key_;
    bool readable_ = true;  // as it was added
    bool writable_ = false;
};

}  // namespace stemma::xenstored
