#pragma once

#include "self_test/check_list.hpp"
#include "xen/boot_information.hpp"
#include "xen/chacha_entropy.hpp"

namespace stemma::xen {

// What an image does on a machine without Xen, `qemu-system-x86_64 -kernel nat.elf -serial stdio`:
// checks what of it needs no Xen, in the place where it will run, tells it on the serial port and
// ends the machine, with status 0 if all is well.
[[noreturn]] void test_without_xen(const BootInformation& boot);

// Its parts, in their order.
void check_processor(self_test::CheckList& checks);
void check_faults(self_test::CheckList& checks);
void check_memory_functions(self_test::CheckList& checks);
void check_heap(self_test::CheckList& checks);
void check_clock(self_test::CheckList& checks);
void check_entropy(self_test::CheckList& checks, ChaChaEntropy& entropy);

}  // namespace stemma::xen
