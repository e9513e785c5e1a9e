#pragma once

#include <string>
#include <vector>

#include "xenstored/service.hpp"

namespace stemma::xenstored {

// The process that outlives the daemon: it starts the daemon's program, holds the descriptors that
// the daemon gives it, and starts it again with them when it is killed by a signal. To the daemon
// it is a service manager with a descriptor store, sd_notify(3) and sd_listen_fds(3), so that
// systemd, or this, is the same to it.
//
// SIGTERM, SIGINT and SIGHUP are passed on. A daemon that was never ready, ends with status 0, or
// has taken back all descriptors (it became C) is the keeper's end, too, with its status. One that
// ends otherwise `attempts_max` times in a row before it is ready is given up; one that does so
// more than `starts_max` times within `starts_within_s` waits a little each time.
struct Keeper {
    static constexpr int attempts_max = 5;
    static constexpr std::size_t starts_max = 20;
    static constexpr int starts_within_s = 10;
    static constexpr int wait_ms = 500;
    // What the daemon calls its own program among its descriptors: a live update may have put
    // another in place of the one that the keeper is.
    static constexpr char program[] = "program";
    // And its arguments, each with a NUL.
    static constexpr char arguments[] = "arguments";

    // The daemon's program is this process's own at first; `words` are what it is given. `starter`
    // is told when the daemon is ready, or has ended before. Returns the exit status.
    static int run(const std::vector<std::string>& words, Daemonizer& starter);
};

}  // namespace stemma::xenstored
