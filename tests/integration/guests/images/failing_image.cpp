// An image with something wrong in it: what the test of the others must not pass. FAILURE says
// what.
#include <string_view>

#include "self_test/check_list.hpp"
#include "xen/panic.hpp"
#include "xen/start.hpp"

void stemma::self_test::check_guest(CheckList& checks, rt::Entropy&) {
    constexpr std::string_view failure = FAILURE;
    if (failure == "check") checks.check("two and two are five", false);
    if (failure == "panic") xen::panic("on its own");
    if (failure == "fault") asm volatile("ud2");
    if (failure == "silence") {
        for (;;)
            asm volatile("hlt");
    }
}

void stemma::xen::image_main(const BootInformation&) {
    panic("not an image for Xen");
}
