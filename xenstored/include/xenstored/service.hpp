#pragma once

#include <expected>
#include <string>

#include "xenstored/descriptor.hpp"

// The process as a service: forking away, the pid file, readiness.
namespace stemma::xenstored {

// Forks twice, so that the daemon is nobody's child and no session leader, as C does. In the
// daemon this returns; the process that was started stays until readiness is reported, and exits
// with the status given there, so that whoever started it knows that clients may connect.
class Daemonizer {
  public:
    // Does nothing if `fork` is false.
    static std::expected<Daemonizer, std::string> start(bool fork);

    // Tells the first process to exit with `status`; closes standard streams if the daemon is ready
    // (status 0 and `serving`).
    void report(int status, bool serving);

  private:
    Descriptor starter_;  // a pipe's write end
    bool forked_ = false;
};

// Writes the pid and keeps the file locked as long as the result lives. A lock held by somebody
// else is not an error but `held_elsewhere`: then this daemon must touch nothing and exit 0.
struct PidFile {
    Descriptor file;
    bool held_elsewhere = false;
};
std::expected<PidFile, std::string> lock_pid_file(const std::string& path);

// Locks the run directory itself, for daemons started without a pid file.
std::expected<PidFile, std::string> lock_directory(const std::string& path);

// sd_notify(3): sends `state` ("READY=1") to $NOTIFY_SOCKET; nothing happens if that is unset.
void notify_service_manager(const std::string& state);
// A datagram socket connected to it; none if $NOTIFY_SOCKET is unset or nobody is there.
Descriptor service_manager_socket();

// The daemon is ready: what it wrote until then was for the one who started it.
void close_standard_streams();

// Lets the process open as many descriptors as its hard limit says.
void raise_descriptor_limit();

}  // namespace stemma::xenstored
