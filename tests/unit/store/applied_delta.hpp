// What a delta makes of an object, by the words of gitformat-pack(5): the model for those that
// write deltas.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace stemma::store::test {

inline std::string applied(std::string_view before, std::string_view delta) {
    const auto byte = [&] {
        const auto value = static_cast<std::uint8_t>(delta.at(0));
        delta.remove_prefix(1);
        return value;
    };
    const auto size = [&] {
        std::size_t value = 0;
        unsigned shift = 0;
        std::uint8_t part = 0x80;
        for (; (part & 0x80) != 0; shift += 7) {
            part = byte();
            value |= static_cast<std::size_t>(part & 0x7f) << shift;
        }
        return value;
    };
    if (size() != before.size()) return "the base has another size";
    const std::size_t expected = size();
    std::string after;
    while (!delta.empty()) {
        const unsigned code = byte();
        if ((code & 0x80) == 0) {
            if (code == 0) return "a reserved instruction";
            after += delta.substr(0, code);
            delta.remove_prefix(code);
            continue;
        }
        std::size_t offset = 0;
        std::size_t length = 0;
        for (unsigned i = 0; i < 4; ++i) {
            if ((code >> i & 1) != 0) offset |= static_cast<std::size_t>(byte()) << (8 * i);
        }
        for (unsigned i = 0; i < 3; ++i) {
            if ((code >> (4 + i) & 1) != 0) length |= static_cast<std::size_t>(byte()) << (8 * i);
        }
        after += before.substr(offset, length == 0 ? 0x10000 : length);
    }
    return after.size() == expected ? after : "the result has another size";
}

}  // namespace stemma::store::test
