#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace conformance {

// What a daemon says on one connection, cut into messages and written as lines:
//   READ 7/0 "value"           a reply: operation, request id, transaction id, payload
//   ERROR 7/0 "ENOENT\0"
//   event "/a" "token"
// A gencnt, each daemon's own number, is written as whether it is the one this connection saw last
// for the same request.
class Stream {
  public:
    // A request was sent whose reply is to come.
    void asked(std::string_view message);
    // Bytes came; the lines of the messages that are now whole. `last_reply` of the last reply.
    std::vector<std::string> take(std::string_view bytes);
    // Bytes of an unfinished message.
    std::size_t left() const { return buffer_.size(); }
    // The payload of the last reply, without a NUL at its end.
    const std::string& last_reply() const { return last_reply_; }
    // Both ends begin anew.
    void restart();

  private:
    std::string line_of(std::string_view message);
    std::string without_gencnt(std::string_view payload);

    std::string buffer_;
    std::string last_reply_;
    std::deque<std::string> asked_;  // payloads
    std::map<std::string, std::string> gencnts_;
};

}  // namespace conformance
