#pragma once

#include <string>
#include <string_view>

#include "xenstored/descriptor.hpp"
#include "xenstored/log.hpp"

namespace stemma::xenstored {

// The host's log, by the socket that syslog(3) writes to (facility daemon, as C), and standard
// error. syslog(3) itself would wait for a log daemon that does not read; this loses the line.
class SystemLog final : public Log {
  public:
    explicit SystemLog(std::string socket_path = "/dev/log") : path_(std::move(socket_path)) {}

    void say(Severity severity, std::string_view text) override;

  private:
    bool send(std::string_view line);

    std::string path_;
    Descriptor socket_;
};

}  // namespace stemma::xenstored
