#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace stemma::toolstack {

// A JSON document being built (RFC 8259). Members keep the order in which they were added.
class Json {
  public:
    using Array = std::vector<Json>;
    using Object = std::vector<std::pair<std::string, Json>>;

    Json() = default;  // null
    Json(bool value) : value_(value) {}
    Json(std::int64_t value) : value_(value) {}
    Json(int value) : value_(std::int64_t{value}) {}
    Json(std::uint32_t value) : value_(std::int64_t{value}) {}
    Json(std::string value) : value_(std::move(value)) {}
    Json(std::string_view value) : value_(std::string(value)) {}
    Json(const char* value) : value_(std::string(value)) {}

    static Json array() { return Json(Array{}); }
    static Json object() { return Json(Object{}); }

    // Only on what array() gave.
    void push(Json value);
    // Only on what object() gave; the caller sees to it that names differ.
    Json& set(std::string name, Json value);

    // Two blanks of indentation a level. Strings that are not UTF-8 have each stray byte shown as
    // U+FFFD, since a document must be UTF-8 (section 8.1).
    std::string text() const;

  private:
    explicit Json(Array value) : value_(std::move(value)) {}
    explicit Json(Object value) : value_(std::move(value)) {}
    void append(std::string& out, int level) const;

    std::variant<std::monostate, bool, std::int64_t, std::string, Array, Object> value_;
};

}  // namespace stemma::toolstack
