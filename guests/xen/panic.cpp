#include "xen/panic.hpp"

#include <string_view>

#include "xen/console_ring.hpp"
#include "xen/hypercall.hpp"

extern "C" {
extern const char image_start[];
extern const char image_end[];
}

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

bool in_image(std::uint64_t place) {
    return place >= address(image_start) && place < address(image_end);
}

void say(const Line& line) {
    emergency_console_line(line.text());
}

}  // namespace

void panic_at(const Fault& fault) {
    if (panicking) shut_down(SHUTDOWN_crash);
    panicking = true;
    say(Line() << "panic: " << fault.name);
    if (fault.instruction != 0) {
        say(Line() << "  at " << fault.instruction << ", error " << fault.error << ", address "
                   << fault.address);
    }
    // Frames lie on the stack, each above the one before.
    const std::uint64_t* frame = fault.frame_pointer;
    constexpr int frames_max = 32;
    for (int depth = 0; depth < frames_max && in_image(address(frame)); ++depth) {
        const auto* const next = reinterpret_cast<const std::uint64_t*>(frame[0]);
        if (!in_image(frame[1])) break;
        say(Line() << "  called from " << frame[1]);
        if (next <= frame) break;
        frame = next;
    }
    shut_down(SHUTDOWN_crash);
}

void panic(const char* why) {
    panic_at({why, 0, 0, 0, static_cast<const std::uint64_t*>(__builtin_frame_address(0))});
}

}  // namespace stemma::xen
