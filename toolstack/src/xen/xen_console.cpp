#include <fcntl.h>
#include <poll.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "toolstack/harmless_text.hpp"
#include "toolstack/xen/xen_platform.hpp"

// Guests' consoles are served by xenconsoled, which names a terminal for each in XenStore.
namespace stemma::toolstack {

namespace {

constexpr int follow_limit_ms = 10'000;
constexpr int idle_limit_ms = 200;  // xenconsoled fills the terminal anew while it is emptied
constexpr std::size_t part_max = 32'768;

}  // namespace

Result<XenPlatform::Console> XenPlatform::console_of(const std::string& name, int access) {
    const auto all = domains();
    if (!all) return std::unexpected(all.error());
    const auto found = std::ranges::find(*all, name, &DomainInfo::name);
    if (found == all->end()) {
        return failure(ErrorKind::not_found, "read the console of", "the guest " + name,
                       "it does not run", "stemma list");
    }
    const auto terminal = store_.find(xs::domain_path(found->id) + "/console/tty");
    if (!terminal) return std::unexpected(terminal.error().error());
    if (!*terminal || (*terminal)->empty()) {
        return failure(ErrorKind::failed, "read the console of", "the guest " + name,
                       "xenconsoled has made no terminal for it", "see whether xenconsoled runs");
    }
    Console console{
        found->id,
        Descriptor(::open((*terminal)->c_str(), access | O_NOCTTY | O_NONBLOCK | O_CLOEXEC)), 0};
    if (!console.terminal) return system_failure("open", **terminal, errno);
    return console;
}

Result<XenPlatform::Console*> XenPlatform::open_console(const std::string& name) {
    if (const auto known = consoles_.find(name); known != consoles_.end()) return &known->second;
    auto console = console_of(name, O_RDONLY);
    if (!console) return std::unexpected(std::move(console.error()));
    return &consoles_.emplace(name, std::move(*console)).first->second;
}

Result<Descriptor> XenPlatform::console_terminal(const std::string& name) {
    auto console = console_of(name, O_RDWR);
    if (!console) return std::unexpected(std::move(console.error()));
    // xenconsoled made it so; but whoever was here before may have left it otherwise.
    termios settings;
    if (::tcgetattr(console->terminal.get(), &settings) == 0) {
        ::cfmakeraw(&settings);
        ::tcsetattr(console->terminal.get(), TCSANOW, &settings);
    }
    return std::move(console->terminal);
}

Result<ConsoleOutput> XenPlatform::console(const std::string& name, std::uint64_t, bool wait) {
    const auto console = open_console(name);
    if (!console) return std::unexpected(console.error());
    ConsoleOutput output;
    std::string text;
    for (int limit = wait ? follow_limit_ms : idle_limit_ms; text.size() < part_max;
         limit = wait ? 0 : idle_limit_ms) {
        std::array<char, 4096> part;
        const auto count = ::read((*console)->terminal.get(), part.data(), part.size());
        if (count > 0) {
            text.append(part.data(), static_cast<std::size_t>(count));
            continue;
        }
        // The other end of a terminal that is closed is an error, not an end.
        if (count == 0 || (errno != EAGAIN && errno != EINTR)) {
            output.ended = true;
            break;
        }
        pollfd waiting{(*console)->terminal.get(), POLLIN, 0};
        if (::poll(&waiting, 1, limit) == 0) break;
    }
    std::erase(text, '\r');  // the terminal's, before each '\n'
    append_harmless(output.text, text);
    (*console)->read += output.text.size();
    output.next = (*console)->read;
    if (output.text.empty() && !output.ended) {
        const auto domain = control_->domain((*console)->domain);
        output.ended = domain && (!*domain || (*domain)->dying || (*domain)->shutdown);
    }
    return output;
}

}  // namespace stemma::toolstack
