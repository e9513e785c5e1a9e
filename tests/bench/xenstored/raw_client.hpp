#pragma once

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

#include "xs_wire/message.hpp"

namespace stemma::bench {

[[noreturn]] inline void fail(const std::string& why) {
    std::fprintf(stderr, "%s: %s\n", program_invocation_short_name, why.c_str());
    std::exit(1);
}

// One connection to a XenStore socket, without the threads and the allocations of libxenstore: what
// is measured is the daemon. Everything waits; a connection that ends, ends the program.
class RawClient {
  public:
    explicit RawClient(const char* path) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        if (std::strlen(path) >= sizeof address.sun_path) fail("a path too long for a socket");
        std::strcpy(address.sun_path, path);
        fd_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
            fail(std::string("cannot connect to ") + path);
        }
    }
    ~RawClient() { ::close(fd_); }
    RawClient(const RawClient&) = delete;
    RawClient& operator=(const RawClient&) = delete;

    int fd() const { return fd_; }
    // Watch events that came while replies were awaited, or by receive_event().
    std::uint64_t events() const { return events_; }

    void send(xs::MessageType type, std::string_view payload, std::uint32_t transaction = 0) {
        std::array<std::byte, xs::message_max> bytes;
        xs::Header{type, 0, transaction, static_cast<std::uint32_t>(payload.size())}.write(
            std::span(bytes).first<xs::Header::size>());
        std::memcpy(bytes.data() + xs::Header::size, payload.data(), payload.size());
        const std::size_t size = xs::Header::size + payload.size();
        if (::send(fd_, bytes.data(), size, MSG_NOSIGNAL) != static_cast<ssize_t>(size)) {
            fail("the daemon closed a connection");
        }
    }

    struct Reply {
        bool error;
        std::string_view payload;  // good until the next message
    };
    Reply receive() {
        for (;;) {
            const xs::Header header = message();
            if (header.type == xs::MessageType::watch_event) {
                ++events_;
                continue;
            }
            return {header.type == xs::MessageType::error, payload_};
        }
    }
    void receive_event() {
        if (message().type != xs::MessageType::watch_event) fail("a reply to no request");
        ++events_;
    }

    Reply ask(xs::MessageType type, std::string_view payload, std::uint32_t transaction = 0) {
        send(type, payload, transaction);
        return receive();
    }
    // The same, for what may not be refused.
    std::string_view demand(xs::MessageType type, std::string_view payload,
                            std::uint32_t transaction = 0) {
        const Reply reply = ask(type, payload, transaction);
        if (reply.error) fail("refused: " + std::string(reply.payload));
        return reply.payload;
    }

  private:
    // The next whole message; its payload is payload_.
    xs::Header message() {
        begin_ += used_;
        used_ = 0;
        for (;;) {
            const std::size_t held = end_ - begin_;
            if (held >= xs::Header::size) {
                const auto header =
                    xs::Header::read(std::span(buffer_).subspan(begin_).first<xs::Header::size>());
                const std::size_t size = xs::Header::size + header.length;
                if (held >= size) {
                    payload_ = {
                        reinterpret_cast<const char*>(buffer_.data()) + begin_ + xs::Header::size,
                        header.length};
                    used_ = size;
                    return header;
                }
            }
            if (begin_ > 0) {
                std::memmove(buffer_.data(), buffer_.data() + begin_, held);
                begin_ = 0;
                end_ = held;
            }
            const ssize_t count = ::recv(fd_, buffer_.data() + end_, buffer_.size() - end_, 0);
            if (count <= 0) fail("the daemon closed a connection");
            end_ += static_cast<std::size_t>(count);
        }
    }

    int fd_ = -1;
    std::array<std::byte, 16 * xs::message_max> buffer_;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
    std::size_t used_ = 0;
    std::string_view payload_;
    std::uint64_t events_ = 0;
};

}  // namespace stemma::bench
