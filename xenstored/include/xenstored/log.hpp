#pragma once

#include <cstdint>
#include <string_view>

namespace stemma::xenstored {

// Numbers as syslog(3) has them.
enum class Severity : std::uint8_t { error = 3, warning = 4, info = 6 };

// Where the daemon tells an operator what a guest did. Bounded by those who call: each says a thing
// about a domain when it begins and when it ends, not each time.
class Log {
  public:
    // One line, without its end. Never waits.
    virtual void say(Severity severity, std::string_view text) = 0;

  protected:
    ~Log() = default;
};

}  // namespace stemma::xenstored
