#pragma once

#include "xenstored/connection.hpp"
#include "xenstored/descriptor.hpp"
#include "xenstored/descriptor_store.hpp"
#include "xenstored/poller.hpp"
#include "xenstored/socket_calls.hpp"

namespace stemma::xenstored {

// A connected, non-blocking stream socket.
class SocketTransport final : public Transport {
  public:
    // `key` is what the poller reports for it, and its number the ConnectionId; the socket leaves
    // the poller with this object.
    SocketTransport(Descriptor socket, Poller& poller, PollKey key,
                    SocketCalls& calls = SocketCalls::plain(), DescriptorStore* store = nullptr)
        : socket_(std::move(socket)), poller_(&poller), key_(key), calls_(&calls), store_(store) {}
    ~SocketTransport() override;

    std::expected<std::size_t, End> read(std::span<std::byte> room) override;
    std::expected<std::size_t, End> write(
        std::span<const std::span<const std::byte>> parts) override;
    void interest(bool readable, bool writable) override;
    void finish_turn() override {}
    int descriptor() const override { return socket_.get(); }
    bool remembers() const override { return calls_ != &SocketCalls::plain(); }

  private:
    Descriptor socket_;
    Poller* poller_;
    PollKey key_;
    SocketCalls* calls_;
    DescriptorStore* store_;  // has it as "client.NUMBER", if any
    bool readable_ = true;    // as it was added
    bool writable_ = false;
};

}  // namespace stemma::xenstored
