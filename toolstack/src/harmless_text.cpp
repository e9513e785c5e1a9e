#include "toolstack/harmless_text.hpp"

namespace stemma::toolstack {

void append_harmless(std::string& text, std::string_view bytes) {
    constexpr char digits[] = "0123456789abcdef";
    for (const char c : bytes) {
        if ((c >= ' ' && c <= '~') || c == '\n' || c == '\t') {
            text += c;
            continue;
        }
        const auto byte = static_cast<unsigned char>(c);
        text += "\\x";
        text += digits[byte >> 4];
        text += digits[byte & 15];
    }
}

}  // namespace stemma::toolstack
