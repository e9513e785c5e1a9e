#pragma once

#include <string_view>

#include "rt/console.hpp"

namespace stemma::xen {

// What an image has of a machine without Xen, such as `qemu-system-x86_64 -kernel nat.elf`: the
// first serial port, and an end.

// 115,200 bits a second, 8N1, at 0x3f8; never waits for long, also where no port is.
void serial_line(std::string_view text);

class SerialConsole final : public rt::Console {
  public:
    void line(std::string_view text) override { serial_line(text); }
};

// By QEMU's isa-debug-exit at its usual place (-device isa-debug-exit,iobase=0xf4,iosize=0x04),
// whose exit status is then 2 * status + 1; a machine that has none halts.
[[noreturn]] void end_machine(unsigned char status);

}  // namespace stemma::xen
