#include "xen/exceptions.hpp"

#include <cstddef>
#include <cstdint>

#include "xen/panic.hpp"

extern "C" {
extern const char exception_stubs[];

// What entry.S leaves on the stack, the processor's part last.
struct ExceptionFrame {
    std::uint64_t vector;
    std::uint64_t error;
    std::uint64_t rip;
    std::uint64_t cs;
    std::uint64_t flags;
    std::uint64_t rsp;
    std::uint64_t ss;
};

[[noreturn]] void stemma_exception(const ExceptionFrame* frame, const std::uint64_t* frame_pointer);
}

namespace stemma::xen {

namespace {

constexpr std::size_t vectors = 32;
constexpr std::uint16_t code_segment = 0x08;
constexpr std::uint16_t task_segment = 0x18;

// Intel SDM volume 3A, 6.14.1.
struct [[gnu::packed]] Gate {
    std::uint16_t offset_low;
    std::uint16_t selector;
    std::uint8_t stack;  // 1: the task segment's first stack
    std::uint8_t type;
    std::uint16_t offset_middle;
    std::uint32_t offset_high;
    std::uint32_t reserved;
};

// 7.7; only the stack for exceptions counts: a stack that overflowed holds no frame.
struct [[gnu::packed]] TaskState {
    std::uint32_t reserved0;
    std::uint64_t stack[3];
    std::uint64_t reserved1;
    std::uint64_t interrupt_stack[7];
    std::uint64_t reserved2;
    std::uint16_t reserved3;
    std::uint16_t io_map;
};

struct [[gnu::packed]] TableRegister {
    std::uint16_t limit;
    std::uint64_t base;
};

Gate gates[vectors];
TaskState task;
std::uint64_t segments[5] = {0, 0x00af9b000000ffff, 0x00cf93000000ffff, 0, 0};
alignas(16) std::byte exception_stack[8192];

constexpr const char* names[vectors] = {"divide error",
                                        "debug",
                                        "NMI",
                                        "breakpoint",
                                        "overflow",
                                        "bound",
                                        "invalid opcode",
                                        "no FPU",
                                        "double fault",
                                        "",
                                        "invalid TSS",
                                        "segment not present",
                                        "stack fault",
                                        "general protection",
                                        "page fault",
                                        "",
                                        "x87 error",
                                        "alignment",
                                        "machine check",
                                        "SIMD error"};

}  // namespace

void catch_exceptions() {
    for (std::size_t i = 0; i < vectors; ++i) {
        const auto stub = reinterpret_cast<std::uint64_t>(exception_stubs) + i * 16;
        gates[i] = {static_cast<std::uint16_t>(stub),
                    code_segment,
                    1,
                    0x8e,
                    static_cast<std::uint16_t>(stub >> 16),
                    static_cast<std::uint32_t>(stub >> 32),
                    0};
    }
    task.interrupt_stack[0] =
        reinterpret_cast<std::uint64_t>(exception_stack + sizeof exception_stack);
    task.io_map = sizeof task;
    const auto base = reinterpret_cast<std::uint64_t>(&task);
    segments[3] = (sizeof task - 1) | (base & 0xffffff) << 16 | std::uint64_t{0x89} << 40 |
                  (base >> 24 & 0xff) << 56;
    segments[4] = base >> 32;
    const TableRegister segment_table{sizeof segments - 1,
                                      reinterpret_cast<std::uint64_t>(segments)};
    const TableRegister gate_table{sizeof gates - 1, reinterpret_cast<std::uint64_t>(gates)};
    asm volatile("lgdt %0; lidt %1; ltr %w2"
                 :
                 : "m"(segment_table), "m"(gate_table), "r"(task_segment)
                 : "memory");
}

}  // namespace stemma::xen

void stemma_exception(const ExceptionFrame* frame, const std::uint64_t* frame_pointer) {
    using namespace stemma::xen;
    std::uint64_t fault_address = 0;
    asm volatile("mov %%cr2, %0" : "=r"(fault_address));
    const char* const name =
        frame->vector < vectors && names[frame->vector] != nullptr ? names[frame->vector] : "";
    panic_at({name, frame->rip, frame->error, fault_address, frame_pointer});
}
