#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

// Debian's NSD as a rival: on a free UDP port of the loopback, unprivileged, in a directory of its
// own that goes with it, without rate limits.
namespace stemma::dns_test {

struct ZoneFile {
    std::string origin;  // "example.org."
    std::string text;
};

class NsdProcess {
  public:
    // Nothing if there is no nsd on this machine, or it does not come up: then `why` says so.
    static std::optional<NsdProcess> start(const std::vector<ZoneFile>& zones, std::string& why);
    static bool is_installed();

    NsdProcess(NsdProcess&& other) noexcept;
    NsdProcess& operator=(NsdProcess&&) = delete;
    ~NsdProcess();

    // The reply to one query; empty when none comes within two seconds.
    std::vector<std::uint8_t> ask(std::span<const std::uint8_t> query) const;
    pid_t pid() const { return pid_; }

  private:
    NsdProcess() = default;

    std::string directory_;
    pid_t pid_ = -1;
    int socket_ = -1;
};

}  // namespace stemma::dns_test
