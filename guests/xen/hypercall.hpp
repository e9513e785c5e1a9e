#pragma once

#include <cstdint>
#include <optional>

#include <xen/xen.h>

#include <xen/event_channel.h>
#include <xen/hvm/hvm_op.h>
#include <xen/hvm/params.h>
#include <xen/memory.h>
#include <xen/sched.h>

#include "xen/xen_counters.hpp"

extern "C" const char hypercall_page[4096];

namespace stemma::xen {

// Asks Xen to fill in hypercall_page; false when we do not run on Xen. To be called before the page
// is made read-only.
bool install_hypercall_page();
// Whether it did; hypercalls without it are exceptions.
bool on_xen();

// A call into Xen: a result of 0 or more, or a negative errno of Xen (xen/errno.h). Structures are
// passed by address: memory is mapped one to one. Counted by its kind, which the compiler knows.
inline long hypercall(unsigned number, std::uint64_t a = 0, std::uint64_t b = 0,
                      std::uint64_t c = 0) {
    ++xen_counters.hypercalls[XenCounters::kind_of(number)];
    long result;
    asm volatile("call *%[stub]"
                 : "=a"(result), "+D"(a), "+S"(b), "+d"(c)
                 : [stub] "r"(hypercall_page + number * 32)
                 : "rcx", "r8", "r9", "r10", "r11", "memory");
    return result;
}

inline std::uint64_t address(const volatile void* object) {
    return reinterpret_cast<std::uint64_t>(object);
}

template <typename Argument>
long event_channel_op(unsigned operation, Argument& argument) {
    return hypercall(__HYPERVISOR_event_channel_op, operation, address(&argument));
}
template <typename Argument>
long memory_op(unsigned operation, Argument& argument) {
    return hypercall(__HYPERVISOR_memory_op, operation, address(&argument));
}
template <typename Argument>
long schedule_op(unsigned operation, Argument& argument) {
    return hypercall(__HYPERVISOR_sched_op, operation, address(&argument));
}

// HVM_PARAM_ values of this domain (xen/hvm/params.h).
std::optional<std::uint64_t> domain_parameter(std::uint32_t index);

// Ends the domain: SHUTDOWN_poweroff, SHUTDOWN_reboot or SHUTDOWN_crash (xen/sched.h). Without Xen
// it ends the machine, with a status of 0 for a poweroff and 1 for the others.
[[noreturn]] void shut_down(unsigned reason);

}  // namespace stemma::xen
