#pragma once

#include <optional>
#include <string_view>

#include "xenstored/connection_id.hpp"
#include "xenstored/server.hpp"
#include "xs_wire/message.hpp"

namespace stemma::xenstored {

// Answers CONTROL requests, which only privileged clients may send.
class Control {
  public:
    // Nothing: the answer comes later, by Server::answer_deferred().
    virtual std::optional<Answer> command(ConnectionId client, const xs::Header& header,
                                          std::string_view payload) = 0;

  protected:
    ~Control() = default;
};

}  // namespace stemma::xenstored
