// What entry.S, page_tables.cpp and exceptions.cpp set up: tried out.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "xen/fault_trap.hpp"
#include "xen/hypercall.hpp"
#include "xen/image_layout.hpp"
#include "xen/self_test.hpp"

namespace stemma::xen {

namespace {

// Intel SDM volume 3A, 4.7: why a page fault.
constexpr std::uint64_t present = 1;
constexpr std::uint64_t written = 2;
constexpr std::uint64_t fetched = 16;

constexpr std::size_t page_size = 4096;

// Hides from the compiler what it knows about a place, such as that nothing is at 0.
template <typename Place>
Place anywhere(Place place) {
    asm volatile("" : "+r"(place));
    return place;
}

void write_to(const char* place) {
    *anywhere(const_cast<volatile char*>(place)) = 0;
}

constexpr unsigned char return_instruction = 0xc3;
unsigned char some_data[] = {return_instruction};

unsigned char* heap_byte() {
    static auto* const byte = new unsigned char(return_instruction);
    return byte;
}

void call(unsigned char* code) {
    anywhere(reinterpret_cast<void (*)()>(code))();
}

void divide_by_zero() {
    asm volatile("xorl %%ecx, %%ecx; divl %%ecx" : : : "eax", "ecx", "edx", "cc");
}

// Each step takes more than a page's eighth of the stack, so that none leaps over the guard page.
[[gnu::noinline]] unsigned run_off_the_stack(unsigned depth) {
    volatile char room[page_size / 8];
    room[0] = static_cast<char>(depth);
    if (anywhere(depth) == UINT32_MAX) return 0;
    return run_off_the_stack(depth + 1) + static_cast<unsigned>(room[0]);
}

std::uint64_t outer_caller = 0;
std::uint64_t inner_caller = 0;

std::uint64_t own_caller(void* return_address) {
    return address(return_address);
}

[[gnu::noinline]] void fail_inside() {
    inner_caller = own_caller(__builtin_return_address(0));
    asm volatile("ud2");
}

[[gnu::noinline]] void fail_outside() {
    outer_caller = own_caller(__builtin_return_address(0));
    fail_inside();
    asm volatile("");  // so that the call above is no jump
}

bool is_page_fault(const std::optional<CaughtFault>& caught, std::uint64_t error,
                   std::uint64_t place) {
    return caught && caught->fault.name == std::string_view("page fault") &&
           caught->fault.error == error && caught->fault.address == place;
}

bool is_named(const std::optional<CaughtFault>& caught, std::string_view name) {
    return caught && caught->fault.name == name;
}

std::uint64_t model_specific(std::uint32_t index) {
    std::uint32_t low = 0;
    std::uint32_t high = 0;
    asm volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(index));
    return std::uint64_t{high} << 32 | low;
}

}  // namespace

void check_processor(self_test::CheckList& checks) {
    constexpr std::uint32_t efer = 0xc0000080;
    constexpr std::uint64_t long_mode_no_execute = 0xd00;  // LME, LMA, NXE
    constexpr std::uint64_t paging_write_protect = 0x80010000;
    std::uint64_t cr0 = 0;
    asm volatile("mov %%cr0, %0" : "=r"(cr0));
    checks.check("PVH entry led to long mode with write protection and no-execute",
                 (model_specific(efer) & long_mode_no_execute) == long_mode_no_execute &&
                     (cr0 & paging_write_protect) == paging_write_protect);
}

void check_faults(self_test::CheckList& checks) {
    const std::size_t before = faults_caught();
    checks.check("a write to the text faults",
                 is_page_fault(fault_of([] { write_to(image_start); }), present | written,
                               address(image_start)));
    checks.check("a write to a constant faults",
                 is_page_fault(fault_of([] { write_to(rodata_start); }), present | written,
                               address(rodata_start)));
    checks.check("data is not executed", is_page_fault(fault_of([] { call(some_data); }),
                                                       present | fetched, address(some_data)));
    checks.check("the heap is not executed",
                 is_page_fault(fault_of([] { call(heap_byte()); }), present | fetched,
                               address(heap_byte())));
    checks.check("nothing is at address 0",
                 is_page_fault(fault_of([] { write_to(nullptr); }), written, 0));

    const auto overrun = fault_of([] { run_off_the_stack(0); });
    checks.check("the page below the stack faults, and the report has a stack of its own",
                 overrun && is_page_fault(overrun, written, overrun->fault.address) &&
                     overrun->fault.address - address(stack_guard) < page_size);

    checks.check("a division by zero is caught",
                 is_named(fault_of(divide_by_zero), "divide error"));
    const auto traced = fault_of(fail_outside);
    checks.check("an exception's back trace names its callers",
                 is_named(traced, "invalid opcode") && traced->trace.callers().size() >= 3 &&
                     traced->trace.callers()[0] == inner_caller &&
                     traced->trace.callers()[1] == outer_caller);
    const auto panicked = fault_of([] { panic("on purpose"); });
    checks.check("so does a panic's",
                 is_named(panicked, "on purpose") && panicked->trace.callers().size() >= 3);
    checks.check("each fault was caught once, on its way to the report",
                 faults_caught() - before == 9);
}

}  // namespace stemma::xen
