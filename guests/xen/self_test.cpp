#include "xen/self_test.hpp"

#include <string>

#include "xen/bare_machine.hpp"
#include "xen/hypercall.hpp"
#include "xen/start.hpp"

namespace stemma::xen {

namespace {

volatile unsigned before_constructors = 41;

struct Constructed {
    Constructed() : value(before_constructors + 1) {}
    unsigned value;
} constructed;

}  // namespace

void test_without_xen(const BootInformation& boot) {
    const std::uint64_t begun = static_cast<std::uint64_t>(__builtin_ia32_rdtsc()) - entry_ticks;
    SerialConsole console;
    const auto megabytes = (boot.free_end - boot.free_begin) >> 20;
    console.line("self-test: no Xen here; " + std::to_string(megabytes) + " MB of memory");
    self_test::CheckList checks(console);
    checks.figure("from entry to here", begun);
    ChaChaEntropy entropy;
    checks.check("static constructors ran", constructed.value == 42);
    check_processor(checks);
    check_faults(checks);
    check_memory_functions(checks);
    check_heap(checks);
    check_clock(checks);
    check_entropy(checks, entropy);
    self_test::check_guest(checks, entropy);
    shut_down(checks.end() ? SHUTDOWN_poweroff : SHUTDOWN_crash);
}

}  // namespace stemma::xen
