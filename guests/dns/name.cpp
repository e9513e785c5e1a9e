#include "dns/name.hpp"

#include <algorithm>
#include <cstring>

#include "dns/escape.hpp"

namespace stemma::dns {

bool same_folded(std::span<const std::uint8_t> a, std::span<const std::uint8_t> b) {
    if (std::memcmp(a.data(), b.data(), a.size()) == 0) return true;
    return std::equal(a.begin(), a.end(), b.begin(),
                      [](std::uint8_t x, std::uint8_t y) { return fold(x) == fold(y); });
}

bool Name::append_label(std::span<const std::uint8_t> label) {
    if (size_ + label.size() + 1 > name_max) return false;
    bytes_[size_ - 1U] = static_cast<std::uint8_t>(label.size());
    std::copy(label.begin(), label.end(), bytes_.begin() + size_);
    size_ = static_cast<std::uint8_t>(size_ + label.size() + 1);
    bytes_[size_ - 1U] = 0;
    return true;
}

std::expected<Name, NameError> Name::from_text(std::string_view text, const Name& origin) {
    if (text == "@") return origin;
    if (text == ".") return Name();
    if (text.empty()) return std::unexpected(NameError{"empty name"});

    Name name;
    std::array<std::uint8_t, label_max> label{};
    std::size_t length = 0;
    bool absolute = false;
    while (!text.empty()) {
        absolute = text.front() == '.';
        if (absolute) {
            if (length == 0) return std::unexpected(NameError{"empty label"});
            if (!name.append_label({label.data(), length}))
                return std::unexpected(NameError{"name longer than 255 bytes"});
            length = 0;
            text.remove_prefix(1);
            continue;
        }
        const auto byte = take_escaped(text);
        if (!byte) return std::unexpected(NameError{"bad escape"});
        if (length == label_max) return std::unexpected(NameError{"label longer than 63 bytes"});
        label[length++] = *byte;
    }
    if (absolute) return name;
    if (!name.append_label({label.data(), length}) || name.size_ - 1U + origin.size_ > name_max)
        return std::unexpected(NameError{"name longer than 255 bytes"});
    std::copy_n(origin.bytes_.begin(), origin.size_, name.bytes_.begin() + name.size_ - 1);
    name.size_ = static_cast<std::uint8_t>(name.size_ - 1U + origin.size_);
    return name;
}

std::optional<Name> Name::from_wire(std::span<const std::uint8_t> wire) {
    Name name;
    if (wire.size() > name_max) return std::nullopt;
    std::size_t at = 0;
    while (at < wire.size() && wire[at] != 0 && wire[at] <= label_max)
        at += wire[at] + 1U;
    if (at + 1 != wire.size() || wire[at] != 0) return std::nullopt;
    std::copy(wire.begin(), wire.end(), name.bytes_.begin());
    name.size_ = static_cast<std::uint8_t>(wire.size());
    return name;
}

std::size_t Name::label_count() const {
    std::size_t count = 0;
    for (std::size_t at = 0; bytes_[at] != 0; at += bytes_[at] + 1U)
        ++count;
    return count;
}

bool Name::is_at_or_below(const Name& other) const {
    std::size_t at = 0;
    while (size_ - at > other.size_)
        at += bytes_[at] + 1U;
    // length octets are below 64 and so untouched by folding
    return size_ - at == other.size_ && same_folded(wire().subspan(at), other.wire());
}

std::string Name::text() const {
    if (is_root()) return ".";
    std::string text;
    for (std::size_t at = 0; bytes_[at] != 0; at += bytes_[at] + 1U) {
        for (std::size_t i = 1; i <= bytes_[at]; ++i)
            append_escaped(text, bytes_[at + i]);
        text += '.';
    }
    return text;
}

bool Name::operator==(const Name& other) const {
    return size_ == other.size_ && same_folded(wire(), other.wire());
}

}  // namespace stemma::dns
