#include "xen/bare_machine.hpp"

#include <cstdint>

namespace stemma::xen {

namespace {

constexpr std::uint16_t debug_exit = 0xf4;

// The registers of a 16550 UART.
constexpr std::uint16_t serial = 0x3f8;
constexpr std::uint16_t interrupts = serial + 1;
constexpr std::uint16_t line_control = serial + 3;
constexpr std::uint16_t line_status = serial + 5;
constexpr std::uint8_t divisor_access = 0x80;
constexpr std::uint8_t eight_bits = 3;
constexpr std::uint8_t room_to_send = 0x20;
constexpr int patience = 100'000;  // reads of the status for one character

void out(std::uint16_t port, std::uint8_t value) {
    asm volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

std::uint8_t in(std::uint16_t port) {
    std::uint8_t value = 0;
    asm volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

void put(char c) {
    for (int i = 0; i < patience && (in(line_status)&room_to_send) == 0; ++i) {
    }
    out(serial, static_cast<std::uint8_t>(c));
}

void set_up_serial() {
    out(interrupts, 0);
    out(line_control, divisor_access);
    out(serial, 1);  // 115,200 divided by 1
    out(serial + 1, 0);
    out(line_control, eight_bits);
}

}  // namespace

void serial_line(std::string_view text) {
    static bool is_set_up = false;
    if (!is_set_up) set_up_serial();
    is_set_up = true;
    for (const char c : text)
        put(c >= ' ' && c <= '~' ? c : '?');
    put('\r');
    put('\n');
}

void end_machine(unsigned char status) {
    out(debug_exit, status);
    for (;;)
        asm volatile("cli; hlt");
}

}  // namespace stemma::xen
