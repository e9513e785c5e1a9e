#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "rt/console.hpp"

namespace stemma::xen {

// The output half of the domain's console ring (xen/io/console.h), which xenconsoled reads. What
// does not fit while nobody reads is dropped, and counted.
class ConsoleRing final : public rt::Console {
  public:
    // Takes the ring that Xen's parameters name; a domain without a console drops every line.
    ConsoleRing();

    void line(std::string_view text) override;
    std::uint64_t dropped() const { return dropped_; }

  private:
    void put(char c);
    void publish();

    struct Ring;
    volatile Ring* ring_ = nullptr;
    std::uint32_t port_ = 0;
    std::uint32_t produced_ = 0;
    std::uint64_t dropped_ = 0;
};

// For a panic: to the console that exists, and to Xen's own log (port 0xe9); without Xen to the
// serial port.
void emergency_console_line(std::string_view text);

}  // namespace stemma::xen
