#include "xen/start.hpp"

#include <cstdint>

#include "xen/exceptions.hpp"
#include "xen/heap.hpp"
#include "xen/hypercall.hpp"
#include "xen/page_tables.hpp"
#include "xen/panic.hpp"
#include "xen/shared_info.hpp"

extern "C" {
using Constructor = void (*)();
extern const Constructor init_array_start[];
extern const Constructor init_array_end[];

// From entry.S, in long mode, on the boot stack.
[[noreturn]] void stemma_start(std::uint32_t start_info) {
    using namespace stemma::xen;
    const bool on_xen = install_hypercall_page();
    protect_memory();
    catch_exceptions();
    if (!on_xen) panic("this image runs on Xen only");
    const auto boot = BootInformation::read(start_info);
    if (!boot) panic("no PVH start information with a memory map");
    heap().give(boot->free_begin, boot->free_end);
    for (const Constructor* one = init_array_start; one != init_array_end; ++one)
        (*one)();
    if (!map_shared_info()) panic("Xen gave no shared page");
    image_main(*boot);
}
}
