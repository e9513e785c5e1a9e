#include "delta_text.hpp"

#include <algorithm>

namespace stemma::store {
namespace {

void append_size(std::string& text, std::size_t size) {
    for (; size >= 0x80; size >>= 7)
        text += static_cast<char>(size | 0x80);
    text += static_cast<char>(size);
}

}  // namespace

DeltaText::DeltaText(std::size_t old_size, std::size_t new_size) {
    append_size(text_, old_size);
    append_size(text_, new_size);
}

void DeltaText::copy(std::size_t offset, std::size_t size) {
    static constexpr std::size_t longest = 0x10000;  // git writes none longer
    while (size > 0) {
        const std::size_t part = std::min(size, longest);
        const std::size_t start = text_.size();
        unsigned present = 0x80;
        text_ += '\0';
        for (unsigned byte = 0; byte < 4; ++byte) {
            const auto value = static_cast<unsigned>(offset >> (8 * byte) & 0xff);
            if (value == 0) continue;
            text_ += static_cast<char>(value);
            present |= 1U << byte;
        }
        // The longest is said by no byte at all.
        for (unsigned byte = 0; byte < 2 && part != longest; ++byte) {
            const auto value = static_cast<unsigned>(part >> (8 * byte) & 0xff);
            if (value == 0) continue;
            text_ += static_cast<char>(value);
            present |= 0x10U << byte;
        }
        text_[start] = static_cast<char>(present);
        offset += part;
        size -= part;
    }
}

void DeltaText::insert(std::string_view bytes) {
    while (!bytes.empty()) {
        const auto part = bytes.substr(0, 0x7f);
        text_ += static_cast<char>(part.size());
        text_ += part;
        bytes.remove_prefix(part.size());
    }
}

std::string delta_between(std::string_view before, std::string_view after) {
    const std::size_t shorter = std::min(before.size(), after.size());
    const auto head = static_cast<std::size_t>(
        std::mismatch(before.begin(), before.begin() + static_cast<std::ptrdiff_t>(shorter),
                      after.begin())
            .first -
        before.begin());
    std::size_t tail = 0;
    while (tail < shorter - head &&
           before[before.size() - 1 - tail] == after[after.size() - 1 - tail])
        ++tail;
    DeltaText delta(before.size(), after.size());
    delta.copy(0, head);
    delta.insert(after.substr(head, after.size() - head - tail));
    delta.copy(before.size() - tail, tail);
    return delta.take();
}

}  // namespace stemma::store
