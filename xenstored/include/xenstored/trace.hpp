#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "xenstored/connection_id.hpp"
#include "xenstored/descriptor.hpp"
#include "xs_wire/message.hpp"

namespace stemma::xenstored {

// -T: a line for each request and each message sent, as C writes it:
//
//   IN 0x1 20261121 20:28:13 READ (/local/domain/0/name )
//   OUT 0x1 20261121 20:28:13 READ (Domain-0)
//
// The number after IN and OUT tells one connection from another; NULs appear as blanks.
class Trace {
  public:
    // Appends to `path`, mode 0600.
    static std::expected<Trace, std::string> open(const std::string& path);

    // After a log rotation (SIGHUP): begins the file of that name anew or goes on with it.
    void reopen();

    void in(ConnectionId connection, xs::MessageType type, std::string_view payload) {
        line("IN", connection, type, payload);
    }
    void out(ConnectionId connection, xs::MessageType type, std::string_view payload) {
        line("OUT", connection, type, payload);
    }

  private:
    explicit Trace(std::string path) : path_(std::move(path)) {}

    void line(std::string_view direction, ConnectionId connection, xs::MessageType type,
              std::string_view payload);

    std::string path_;
    Descriptor file_;
};

// "READ", "WATCH_EVENT"; "**UNKNOWN**" for what is no operation.
std::string_view operation_name(xs::MessageType type);

}  // namespace stemma::xenstored
