#include "unix/descriptor_console.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <string>

namespace stemma::hosted {

namespace {
constexpr std::string_view cut_mark = "...";

std::string printable(std::string_view text) {
    constexpr char digits[] = "0123456789abcdef";
    std::string line;
    for (const char c : text) {
        if (line.size() + cut_mark.size() + 4 > DescriptorConsole::line_max) {
            line += cut_mark;
            break;
        }
        if (c >= ' ' && c <= '~') {
            line += c;
        } else {
            const auto byte = static_cast<unsigned char>(c);
            line.append("\\x").append(1, digits[byte >> 4]).append(1, digits[byte & 15]);
        }
    }
    return line += '\n';
}
}  // namespace

DescriptorConsole::DescriptorConsole(int descriptor) : descriptor_(descriptor) {
    const int flags = fcntl(descriptor, F_GETFL);
    if (flags >= 0) fcntl(descriptor, F_SETFL, flags | O_NONBLOCK);
}

void DescriptorConsole::line(std::string_view text) {
    if (dropped_ > 0) {
        if (!write_line("(" + std::to_string(dropped_) + " lines lost)")) {
            ++dropped_;
            return;
        }
        dropped_ = 0;
    }
    if (!write_line(text)) ++dropped_;
}

bool DescriptorConsole::write_line(std::string_view text) {
    // at most PIPE_BUF bytes: a pipe takes the line whole or not at all (pipe(7))
    const auto line = printable(text);
    return write(descriptor_, line.data(), line.size()) == static_cast<ssize_t>(line.size());
}

}  // namespace stemma::hosted
