#include "xen/console_ring.hpp"

#include <atomic>

#include "xen/bare_machine.hpp"
#include "xen/event_channels.hpp"
#include "xen/hypercall.hpp"

namespace stemma::xen {

namespace {

constexpr std::uint32_t out_size = 2048;
constexpr std::uint16_t xen_log_port = 0xe9;

ConsoleRing* the_console = nullptr;

}  // namespace

// struct xencons_interface
struct ConsoleRing::Ring {
    char in[1024];
    char out[out_size];
    std::uint32_t in_consumer, in_producer;
    std::uint32_t out_consumer, out_producer;
};

ConsoleRing::ConsoleRing() {
    const auto frame = domain_parameter(HVM_PARAM_CONSOLE_PFN);
    const auto port = domain_parameter(HVM_PARAM_CONSOLE_EVTCHN);
    if (frame && port && *frame != 0) {
        ring_ = reinterpret_cast<Ring*>(*frame << 12);
        port_ = static_cast<std::uint32_t>(*port);
        produced_ = ring_->out_producer;
    }
    the_console = this;
}

void ConsoleRing::put(char c) {
    if (ring_ == nullptr || produced_ - ring_->out_consumer >= out_size) {
        ++dropped_;
        return;
    }
    ring_->out[produced_++ % out_size] = c;
}

void ConsoleRing::publish() {
    if (ring_ == nullptr) return;
    std::atomic_thread_fence(std::memory_order_seq_cst);
    ring_->out_producer = produced_;
    std::atomic_thread_fence(std::memory_order_seq_cst);
    notify(port_);
}

void ConsoleRing::line(std::string_view text) {
    constexpr char digits[] = "0123456789abcdef";
    for (const char c : text) {
        if (c >= ' ' && c <= '~') {
            put(c);
            continue;
        }
        const auto byte = static_cast<unsigned char>(c);
        for (const char part : {'\\', 'x', digits[byte >> 4], digits[byte & 15]})
            put(part);
    }
    put('\r');
    put('\n');
    publish();
}

void emergency_console_line(std::string_view text) {
    if (!on_xen()) return serial_line(text);
    if (the_console != nullptr) the_console->line(text);
    const auto log = [](char c) { asm volatile("outb %0, %1" : : "a"(c), "Nd"(xen_log_port)); };
    for (const char c : text)
        log(c);
    log('\n');
}

}  // namespace stemma::xen
