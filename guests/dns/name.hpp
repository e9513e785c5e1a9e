#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace stemma::dns {

// Limits of RFC 1035 2.3.4, in bytes on the wire.
inline constexpr std::size_t label_max = 63;
inline constexpr std::size_t name_max = 255;
// A name of one-byte labels: 127 labels and the root's zero.
inline constexpr std::size_t labels_max = 127;

// Lower case for comparing; only ASCII letters have a case (RFC 4343 3).
constexpr std::uint8_t fold(std::uint8_t c) {
    return c >= 'A' && c <= 'Z' ? static_cast<std::uint8_t>(c + 32) : c;
}

// True if two equally long pieces of names differ at most in case.
bool same_folded(std::span<const std::uint8_t> a, std::span<const std::uint8_t> b);

// Why text is not a domain name; a literal.
struct NameError {
    std::string_view cause;
};

// An absolute domain name, uncompressed as on the wire; its letters keep their case, comparing
// ignores it. The default is the root.
class Name {
  public:
    Name() = default;

    // Presentation form (RFC 1035 5.1): "@" is `origin`, a name without a last dot is completed by
    // it; "\X" and "\DDD" stand for bytes.
    static std::expected<Name, NameError> from_text(std::string_view text, const Name& origin);
    // The whole of `wire` as one uncompressed name.
    static std::optional<Name> from_wire(std::span<const std::uint8_t> wire);

    std::span<const std::uint8_t> wire() const { return {bytes_.data(), size_}; }
    bool is_root() const { return size_ == 1; }
    std::size_t label_count() const;  // without the root's empty label
    bool is_at_or_below(const Name& other) const;

    // With its last dot; bytes that a master file could misread are escaped.
    std::string text() const;

    bool operator==(const Name& other) const;

  private:
    bool append_label(std::span<const std::uint8_t> label);

    std::array<std::uint8_t, name_max> bytes_{};
    std::uint8_t size_ = 1;
};

}  // namespace stemma::dns
