#include "xen/panic.hpp"

#include <string_view>

#include "xen/back_trace.hpp"
#include "xen/console_ring.hpp"
#include "xen/fault_trap.hpp"
#include "xen/hypercall.hpp"

namespace stemma::xen {

namespace {

bool panicking = false;

// Allocates nothing: the heap may be what is broken.
class Line {
  public:
    Line& operator<<(std::string_view text) {
        for (const char c : text)
            if (size_ < sizeof text_) text_[size_++] = c;
        return *this;
    }
    Line& operator<<(std::uint64_t value) {
        *this << "0x";
        bool begun = false;
        for (int shift = 60; shift >= 0; shift -= 4) {
            const auto digit = value >> shift & 15;
            begun = begun || digit != 0 || shift == 0;
            if (begun) *this << std::string_view(&"0123456789abcdef"[digit], 1);
        }
        return *this;
    }
    std::string_view text() const { return {text_, size_}; }

  private:
    char text_[160];
    std::size_t size_ = 0;
};

void say(const Line& line) {
    emergency_console_line(line.text());
}

}  // namespace

void panic_at(const Fault& fault) {
    spring_trap(fault);
    if (panicking) shut_down(SHUTDOWN_crash);
    panicking = true;
    say(Line() << "panic: " << fault.name);
    if (fault.instruction != 0) {
        say(Line() << "  at " << fault.instruction << ", error " << fault.error << ", address "
                   << fault.address);
    }
    const BackTrace trace(fault.frame_pointer);
    for (const std::uint64_t caller : trace.callers())
        say(Line() << "  called from " << caller);
    shut_down(SHUTDOWN_crash);
}

void panic(const char* why) {
    panic_at({why, 0, 0, 0, static_cast<const std::uint64_t*>(__builtin_frame_address(0))});
}

}  // namespace stemma::xen
