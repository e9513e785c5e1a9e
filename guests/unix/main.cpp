#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <deque>
#include <new>
#include <string>
#include <vector>

#include "rt/guest.hpp"
#include "unix/command_line.hpp"
#include "unix/descriptor_console.hpp"
#include "unix/event_loop.hpp"
#include "unix/packet_port.hpp"
#include "unix/sandbox.hpp"
#include "unix/state_file.hpp"
#include "unix/store_link.hpp"
#include "unix/system_clock.hpp"
#include "unix/system_entropy.hpp"

// A guest as a Linux process. Exit status: 2 for a command line that makes no sense, 1 when set-up
// failed; a guest that serves ends when it is asked to, with 0, or by a signal.
namespace {

using namespace stemma;

rt::Console* console_of_last_words = nullptr;

[[noreturn]] void out_of_memory() {
    if (console_of_last_words != nullptr) console_of_last_words->line("out of memory");
    _exit(1);
}

int fail(rt::Console& console, const hosted::EdgeError& error) {
    console.line("cannot start: " + error.text);
    return 1;
}

}  // namespace

int main(int argc, char** argv) {
    // the agent may close the console at any time
    std::signal(SIGPIPE, SIG_IGN);
    const std::vector<const char*> words(argv + (argc > 0), argv + argc);
    const auto line = hosted::CommandLine::parse(words);
    if (!line) {
        hosted::DescriptorConsole(STDERR_FILENO).line(line.error().text);
        return 2;
    }
    hosted::DescriptorConsole console(line->console);
    console_of_last_words = &console;
    std::set_new_handler(out_of_memory);

    hosted::SystemClock clock;
    auto entropy = hosted::SystemEntropy::open();
    if (!entropy) return fail(console, entropy.error());
    auto link = hosted::StoreLink::open(line->ring, line->event_in, line->event_out);
    if (!link) return fail(console, link.error());
    hosted::StateFile state;
    if (line->state) {
        auto opened = hosted::StateFile::open(*line->state);
        if (!opened) return fail(console, opened.error());
        state = std::move(*opened);
    }
    std::deque<hosted::PacketPort> ports;
    std::vector<rt::Port*> port_pointers;
    for (const auto& option : line->ports) {
        auto port =
            hosted::PacketPort::open(option.socket, option.mac, option.mtu,
                                     hosted::RingSizes::for_ports(line->ports.size(), option.mtu));
        if (!port) return fail(console, port.error());
        ports.push_back(std::move(*port));
        port_pointers.push_back(&ports.back());
    }

    const auto confined = hosted::confine({line->event_in, line->event_out, line->console});
    if (!confined) return fail(console, confined.error());

    const auto guest = rt::make_guest(
        {port_pointers, clock, *entropy, console, link->store(), line->arguments, state.bytes()});
    if (!guest) return 1;
    hosted::run_until_asked_to_end({*guest, ports, *link, clock, console});
    // The filter permits an exit, and nothing of what destructors would do.
    _exit(0);
}
