#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "toolstack/descriptor.hpp"
#include "toolstack/error.hpp"

namespace stemma::toolstack {

// What a guest's process is started with. Descriptor i becomes number guest_first_descriptor + i in
// the guest; nothing else is open there but 0 (/dev/null) and 1 and 2 (the console).
struct GuestProcessRequest {
    std::string program = {};                 // a path
    std::vector<std::string> arguments = {};  // from argv[0]
    std::vector<int> descriptors = {};
    int console = -1;
    std::uint32_t memory = 32;  // MB of address space; 0: no limit
    bool dies_with_agent = false;
};

inline constexpr int guest_first_descriptor = 3;

struct GuestProcess {
    pid_t pid = 0;
    Descriptor pidfd;  // readable once it has ended
    // What this machine did not permit: "no user namespace: Operation not permitted".
    std::vector<std::string> notes;
};

// Starts a guest in a sandbox: fresh user, mount, PID, IPC, UTS, cgroup and network namespaces
// where the kernel permits them, an empty root for a program that is linked statically (another
// needs its loader), an empty environment, no new privileges, hard limits of memory, files and
// cores. The guest adds its seccomp filter itself, once it has set up. Returns after its exec.
Result<GuestProcess> start_guest_process(const GuestProcessRequest& request);

// How a process ended, from waitid() on its pidfd; it is reaped by this.
struct GuestEnding {
    bool crashed = false;  // by a signal or an exit status other than 0
    // False of one that the last agent started: init has its status, and it may not have crashed.
    bool known = true;
    std::string text;  // "exit status 1", "killed by signal 9 (Killed)"
};
GuestEnding reap(int pidfd);

}  // namespace stemma::toolstack
