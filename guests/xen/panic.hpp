#pragma once

#include <cstdint>

namespace stemma::xen {

struct Fault {
    const char* name;
    std::uint64_t instruction = 0;  // 0: the caller's
    std::uint64_t error = 0;
    std::uint64_t address = 0;                     // CR2
    const std::uint64_t* frame_pointer = nullptr;  // where the back trace begins
};

// Says on the console what happened, with a back trace of return addresses (addr2line -e on the
// image with symbols tells the lines), and ends the domain with SHUTDOWN_crash; without Xen, the
// machine with a status of 1.
[[noreturn]] void panic_at(const Fault& fault);
[[noreturn]] void panic(const char* why);

}  // namespace stemma::xen
