#include "toolstack/agent/console_buffer.hpp"

#include <algorithm>

#include "toolstack/harmless_text.hpp"

namespace stemma::toolstack {

void ConsoleBuffer::append(std::string_view bytes) {
    append_harmless(text_, bytes);
    if (text_.size() > bytes_max) {
        const std::size_t surplus = text_.size() - bytes_max;
        text_.erase(0, surplus);
        dropped_ += surplus;
    }
}

ConsoleBuffer::Part ConsoleBuffer::read(std::uint64_t offset, std::size_t limit) const {
    offset = std::clamp(offset, dropped_, end());
    Part part;
    part.text = text_.substr(static_cast<std::size_t>(offset - dropped_), limit);
    part.next = offset + part.text.size();
    return part;
}

}  // namespace stemma::toolstack
