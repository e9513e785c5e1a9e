#pragma once

#include <deque>
#include <memory>
#include <string>

#include "toolstack/descriptor.hpp"
#include "toolstack/store.hpp"

namespace stemma::toolstack {

// XenStore over xenstored's Unix socket. After a failure of the connection (xenstored was
// restarted, or did not answer within the time limit) the next request connects anew; watches and
// transactions are then gone. A connection without either connects anew unnoticed.
class SocketStore : public Store {
  public:
    // `path` of the socket; `limit` is the longest wait for one reply.
    SocketStore(std::string path, std::chrono::milliseconds limit);
    ~SocketStore() override;

    // Connects at once, so that the caller learns of a missing daemon before it begins.
    StoreResult<void> connect();

    // Readable when an event may have come; -1 without a connection.
    int descriptor() const { return socket_ ? socket_.get() : -1; }

    StoreResult<std::string> request(xs::MessageType type, TransactionId transaction,
                                     std::string_view payload, std::string_view path) override;
    std::vector<StoreResult<std::string>> request_all(
        TransactionId transaction, std::span<const StoreRequest> requests) override;
    StoreResult<std::optional<WatchEvent>> next_event(Deadline deadline) override;

  private:
    // Between requests: a connection that xenstored's end hung up, and that nothing depends on,
    // makes room for a new one, so that the first request to a restarted xenstored does not fail.
    void drop_if_hung_up();
    // The reply to request `id`, by the deadline; events that come before it are kept.
    StoreResult<std::string> reply_to(std::uint32_t id, std::string_view operation,
                                      std::string_view path, Deadline deadline);
    StoreError broken(std::string_view operation, std::string_view path, std::string cause);
    bool send_all(std::string_view bytes, Deadline deadline, std::string& cause);
    // Fills input_ until it holds one whole message; false at the deadline with `cause` empty, or
    // after a failure with it set.
    bool receive_message(Deadline deadline, std::string& cause);
    void keep_event(std::string_view payload);

    // Beyond this many unread events the oldest is dropped: whoever waits reads the store again
    // after each event, so a dropped one costs nothing while any remains.
    // Requests that are under way together: fewer bytes than a socket holds, so that neither end
    // waits for the other to read.
    static constexpr std::size_t batch_requests = 64;
    static constexpr std::size_t batch_bytes = 16'384;
    static constexpr std::size_t events_max = 4096;

    std::string path_;
    std::chrono::milliseconds limit_;
    Descriptor socket_;
    bool watching_ = false;  // watches were set on this connection: its end must be told
    std::uint32_t next_request_ = 1;
    std::string input_;
    std::deque<WatchEvent> events_;
};

// The socket of the xenstored that this process is to speak to: $XENSTORED_RUNDIR/socket, by
// default /run/xenstored/socket.
std::string xenstored_socket(std::string_view name = "socket");

}  // namespace stemma::toolstack
