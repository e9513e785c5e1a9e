#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace stemma::toolstack {

// The moment at which the process began, in clock ticks since boot: with the pid it names one
// process for ever. 0 when there is none.
std::uint64_t process_start(pid_t pid);

// Whether it was stopped by a signal (SIGSTOP) and not continued yet.
bool is_stopped(pid_t pid);

// "PID START": a pid alone may be another process by the time it is read.
std::string process_name(pid_t pid);

// Whether the process is there that has this name; one that has ended and is not reaped yet is not.
bool is_alive(std::string_view process);

}  // namespace stemma::toolstack
