#include <unistd.h>

#include <cstdio>

#include "commands.hpp"
#include "toolstack/console_session.hpp"

namespace stemma::toolstack {

Result<int> run_console(Invocation& call) {
    const auto platform = call.surroundings.platform();
    if (!platform) return std::unexpected(platform.error());
    const bool follow = call.has("follow");
    const bool interactive = call.has("interactive");
    if ((follow || interactive) && call.printer.is_json()) {
        return failure(ErrorKind::usage, "follow", "the console of " + call.words[0],
                       "-o json gives one document, which would never end", "leave out -o json");
    }
    if (interactive) {
        const auto terminal = (*platform)->console_terminal(call.words[0]);
        if (!terminal) return std::unexpected(terminal.error());
        if (::isatty(STDIN_FILENO) == 1) std::fputs("^] ends the session.\n", stderr);
        if (auto held = hold_console_session(terminal->get(), STDIN_FILENO, STDOUT_FILENO); !held)
            return std::unexpected(held.error());
        return 0;
    }
    std::string text;  // all of it, for JSON only
    for (std::uint64_t offset = 0;;) {
        const auto part = (*platform)->console(call.words[0], offset, follow);
        if (!part) return std::unexpected(part.error());
        call.printer.raw(part->text);
        if (call.printer.is_json()) text += part->text;
        offset = part->next;
        // A guest writes on when nobody reads any more: `stemma console -f X | head`.
        if (part->ended || (!follow && part->text.empty()) || std::ferror(stdout) != 0) break;
    }
    call.printer.document(Json::object().set("name", call.words[0]).set("console", text));
    return 0;
}

}  // namespace stemma::toolstack
