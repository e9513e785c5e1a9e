#include "xen/start.hpp"

#include <cstdint>

#include "xen/exceptions.hpp"
#include "xen/heap.hpp"
#include "xen/hypercall.hpp"
#include "xen/page_tables.hpp"
#include "xen/panic.hpp"
#include "xen/self_test.hpp"
#include "xen/shared_info.hpp"

extern "C" {
using Constructor = void (*)();
extern const Constructor init_array_start[];
extern const Constructor init_array_end[];

// From entry.S, in long mode, on the boot stack.
[[noreturn]] void stemma_start(std::uint32_t start_info) {
    using namespace stemma::xen;
    install_hypercall_page();
    // Before the first page is gone: QEMU writes there, Xen does not.
    const auto boot = BootInformation::read(start_info);
    protect_memory();
    catch_exceptions();
    if (!boot) panic("no PVH start information with a memory map");
    heap().give(boot->free_begin, boot->free_end);
    for (const Constructor* one = init_array_start; one != init_array_end; ++one)
        (*one)();
    if (!on_xen()) test_without_xen(*boot);
    if (!map_shared_info()) panic("Xen gave no shared page");
    image_main(*boot);
}
}
