#include "xen/hypercall.hpp"

#include <cpuid.h>

#include "xen/bare_machine.hpp"

namespace stemma::xen {

namespace {
bool found_xen = false;
}  // namespace

// Leaf base + 2 says in EBX which register takes the page's address: it is not always the base
// (xen/arch-x86/cpuid.h).
bool install_hypercall_page() {
    for (std::uint32_t base = 0x40000000; base < 0x40010000; base += 0x100) {
        std::uint32_t a = 0, b = 0, c = 0, d = 0;
        __cpuid(base, a, b, c, d);
        if (b != 0x566e6558 || c != 0x65584d4d || d != 0x4d4d566e) continue;  // "XenVMMXenVMM"
        __cpuid(base + 2, a, b, c, d);
        const std::uint64_t page = address(hypercall_page);
        asm volatile("wrmsr"
                     :
                     : "c"(b), "a"(static_cast<std::uint32_t>(page)),
                       "d"(static_cast<std::uint32_t>(page >> 32))
                     : "memory");
        found_xen = true;
        break;
    }
    return found_xen;
}

bool on_xen() {
    return found_xen;
}

std::optional<std::uint64_t> domain_parameter(std::uint32_t index) {
    xen_hvm_param parameter{};
    parameter.domid = DOMID_SELF;
    parameter.index = index;
    if (hypercall(__HYPERVISOR_hvm_op, HVMOP_get_param, address(&parameter)) != 0) {
        return std::nullopt;
    }
    return parameter.value;
}

void shut_down(unsigned reason) {
    if (!on_xen()) end_machine(reason == SHUTDOWN_poweroff ? 0 : 1);
    sched_shutdown request{reason};
    for (;;)
        schedule_op(SCHEDOP_shutdown, request);
}

}  // namespace stemma::xen
