#include "toolstack/socket_store.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "toolstack/unix_socket.hpp"
#include "toolstack/wire_message.hpp"

namespace stemma::toolstack {

namespace {

std::string_view operation_name(xs::MessageType type) {
    switch (type) {
        case xs::MessageType::read:
            return "read";
        case xs::MessageType::write:
            return "write";
        case xs::MessageType::mkdir:
            return "make a node";
        case xs::MessageType::rm:
            return "remove";
        case xs::MessageType::directory:
        case xs::MessageType::directory_part:
            return "list";
        case xs::MessageType::set_perms:
            return "set permissions";
        case xs::MessageType::watch:
            return "watch";
        case xs::MessageType::unwatch:
            return "unwatch";
        case xs::MessageType::introduce:
            return "introduce";
        case xs::MessageType::control:
            return "control";
        case xs::MessageType::transaction_start:
            return "start";
        case xs::MessageType::transaction_end:
            return "end";
        default:
            return "ask";
    }
}

// Milliseconds until the deadline, rounded up so that poll() does not wake just before it.
int milliseconds_until(Deadline deadline) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    return left.count() < 0 ? 0 : static_cast<int>(std::min<long>(left.count(), 1'000'000));
}

}  // namespace

std::string xenstored_socket(std::string_view name) {
    const char* directory = std::getenv("XENSTORED_RUNDIR");
    return std::string(directory != nullptr && *directory != '\0' ? directory : "/run/xenstored") +
           '/' + std::string(name);
}

SocketStore::SocketStore(std::string path, std::chrono::milliseconds limit)
    : path_(std::move(path)), limit_(limit) {}

SocketStore::~SocketStore() = default;

StoreResult<void> SocketStore::connect() {
    if (socket_) return {};
    auto socket = connect_unix(path_, SOCK_STREAM);
    if (!socket)
        return std::unexpected(StoreError{"connect", path_, {}, std::move(socket.error())});
    socket_ = std::move(*socket);
    input_.clear();
    events_.clear();
    watching_ = false;
    return {};
}

void SocketStore::drop_if_hung_up() {
    if (!socket_ || watching_) return;
    char byte = 0;
    const auto waiting = ::recv(socket_.get(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    if (waiting == 0 || (waiting < 0 && errno != EAGAIN && errno != EINTR)) socket_.reset();
}

StoreError SocketStore::broken(std::string_view operation, std::string_view path,
                               std::string cause) {
    socket_.reset();
    return {std::string(operation), std::string(path), {}, std::move(cause)};
}

bool SocketStore::send_all(std::string_view bytes, Deadline deadline, std::string& cause) {
    while (!bytes.empty()) {
        const auto sent = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent > 0) {
            bytes.remove_prefix(static_cast<std::size_t>(sent));
            continue;
        }
        if (errno == EINTR) continue;
        if (errno != EAGAIN) {
            cause = std::strerror(errno);
            return false;
        }
        pollfd waiting{socket_.get(), POLLOUT, 0};
        if (::poll(&waiting, 1, milliseconds_until(deadline)) == 0) {
            cause = "xenstored does not take the request";
            return false;
        }
    }
    return true;
}

bool SocketStore::receive_message(Deadline deadline, std::string& cause) {
    for (;;) {
        if (input_.size() >= xs::Header::size) {
            std::array<std::byte, xs::Header::size> bytes;
            std::memcpy(bytes.data(), input_.data(), bytes.size());
            const auto header = xs::Header::read(bytes);
            if (header.length > xs::payload_max) {
                cause = "a message longer than the protocol allows";
                return false;
            }
            if (input_.size() >= xs::Header::size + header.length) return true;
        }
        std::array<char, 16384> chunk;
        const auto received = ::recv(socket_.get(), chunk.data(), chunk.size(), 0);
        if (received > 0) {
            input_.append(chunk.data(), static_cast<std::size_t>(received));
            continue;
        }
        if (received == 0) {
            cause = "xenstored closed the connection";
            return false;
        }
        if (errno == EINTR) continue;
        if (errno != EAGAIN) {
            cause = std::strerror(errno);
            return false;
        }
        pollfd waiting{socket_.get(), POLLIN, 0};
        if (::poll(&waiting, 1, milliseconds_until(deadline)) == 0) return false;
    }
}

void SocketStore::keep_event(std::string_view payload) {
    const auto first = payload.find('\0');
    if (first == std::string_view::npos) return;
    auto token = payload.substr(first + 1);
    token = token.substr(0, token.find('\0'));
    if (events_.size() == events_max) events_.pop_front();
    events_.emplace_back(std::string(payload.substr(0, first)), std::string(token));
}

StoreResult<std::string> SocketStore::request(xs::MessageType type, TransactionId transaction,
                                              std::string_view payload, std::string_view path) {
    const StoreRequest one{type, std::string(payload), std::string(path)};
    return std::move(request_all(transaction, {&one, 1}).front());
}

std::vector<StoreResult<std::string>> SocketStore::request_all(
    TransactionId transaction, std::span<const StoreRequest> requests) {
    std::vector<StoreResult<std::string>> replies;
    while (replies.size() < requests.size()) {
        const auto rest = requests.subspan(replies.size());
        const auto& first = rest.front();
        const auto operation = operation_name(first.type);
        if (first.payload.size() > xs::payload_max) {
            replies.push_back(
                std::unexpected(StoreError{std::string(operation), first.path, xs::Error::e2big}));
            continue;
        }
        if (transaction == 0) drop_if_hung_up();
        if (auto connected = connect(); !connected) {
            replies.resize(requests.size(), std::unexpected(connected.error()));
            return replies;
        }
        const std::uint32_t id = next_request_;
        std::string bytes;
        std::size_t count = 0;
        for (; count < std::min(rest.size(), batch_requests); ++count) {
            const auto& one = rest[count];
            if (one.payload.size() > xs::payload_max) break;
            if (count > 0 && bytes.size() + one.payload.size() > batch_bytes) break;
            if (one.type == xs::MessageType::watch) watching_ = true;
            append_message(bytes,
                           {one.type, next_request_++, transaction,
                            static_cast<std::uint32_t>(one.payload.size())},
                           one.payload);
        }
        const Deadline deadline = std::chrono::steady_clock::now() + limit_;
        std::string cause;
        if (!send_all(bytes, deadline, cause)) {
            replies.resize(requests.size(), std::unexpected(broken(operation, first.path, cause)));
            return replies;
        }
        for (std::uint32_t i = 0; i < count; ++i) {
            replies.push_back(
                reply_to(id + i, operation_name(rest[i].type), rest[i].path, deadline));
            if (!socket_) {  // and with it the others' replies
                const StoreError error = replies.back().error();
                replies.resize(requests.size(), std::unexpected(error));
                return replies;
            }
        }
    }
    return replies;
}

StoreResult<std::string> SocketStore::reply_to(std::uint32_t id, std::string_view operation,
                                               std::string_view path, Deadline deadline) {
    std::string cause;
    for (;;) {
        if (!receive_message(deadline, cause)) {
            if (cause.empty()) {
                cause = "xenstored did not answer within " + std::to_string(limit_.count()) + " ms";
            }
            return std::unexpected(broken(operation, path, cause));
        }
        std::array<std::byte, xs::Header::size> bytes;
        std::memcpy(bytes.data(), input_.data(), bytes.size());
        const auto header = xs::Header::read(bytes);
        std::string body = input_.substr(xs::Header::size, header.length);
        input_.erase(0, xs::Header::size + header.length);
        if (header.type == xs::MessageType::watch_event) {
            keep_event(body);
            continue;
        }
        if (header.request_id != id) {
            return std::unexpected(broken(operation, path, "an answer to another request"));
        }
        if (header.type == xs::MessageType::error) {
            return std::unexpected(
                StoreError{std::string(operation), std::string(path), xs::error_from_name(body)});
        }
        return body;
    }
}

StoreResult<std::optional<WatchEvent>> SocketStore::next_event(Deadline deadline) {
    while (events_.empty()) {
        if (!socket_) {
            return std::unexpected(StoreError{"wait for an event", path_, {}, "not connected"});
        }
        std::string cause;
        if (!receive_message(deadline, cause)) {
            if (cause.empty()) return std::nullopt;
            return std::unexpected(broken("wait for an event", path_, cause));
        }
        std::array<std::byte, xs::Header::size> bytes;
        std::memcpy(bytes.data(), input_.data(), bytes.size());
        const auto header = xs::Header::read(bytes);
        if (header.type == xs::MessageType::watch_event) {
            keep_event(std::string_view(input_).substr(xs::Header::size, header.length));
        }
        input_.erase(0, xs::Header::size + header.length);
    }
    WatchEvent event = std::move(events_.front());
    events_.pop_front();
    return event;
}

}  // namespace stemma::toolstack
