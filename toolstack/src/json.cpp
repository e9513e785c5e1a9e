#include "toolstack/json.hpp"

#include <cstddef>

namespace stemma::toolstack {

namespace {

// The length of the well-formed UTF-8 sequence at the front (RFC 3629, section 4), or 0.
std::size_t utf8_length(std::string_view text) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char first = byte(0);
    if (first < 0x80) return 1;
    const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4 || text.size() < length) return 0;
    for (std::size_t i = 1; i < length; ++i) {
        if ((byte(i) & 0xc0) != 0x80) return 0;
    }
    if (first == 0xe0 && byte(1) < 0xa0) return 0;
    if (first == 0xed && byte(1) > 0x9f) return 0;
    if (first == 0xf0 && byte(1) < 0x90) return 0;
    if (first == 0xf4 && byte(1) > 0x8f) return 0;
    return length;
}

void append_string(std::string& out, std::string_view text) {
    constexpr char digits[] = "0123456789abcdef";
    out += '"';
    while (!text.empty()) {
        const std::size_t length = utf8_length(text);
        const char c = text.front();
        if (length == 0) {
            out += "\\ufffd";
        } else if (length > 1) {
            out += text.substr(0, length);
        } else if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (c == '\n') {
            out += "\\n";
        } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
            out += "\\u00";
            out += digits[static_cast<unsigned char>(c) >> 4];
            out += digits[static_cast<unsigned char>(c) & 15];
        } else {
            out += c;
        }
        text.remove_prefix(length == 0 ? 1 : length);
    }
    out += '"';
}

void new_line(std::string& out, int level) {
    out += '\n';
    out.append(static_cast<std::size_t>(level) * 2, ' ');
}

}  // namespace

void Json::push(Json value) {
    std::get<Array>(value_).push_back(std::move(value));
}

Json& Json::set(std::string name, Json value) {
    std::get<Object>(value_).emplace_back(std::move(name), std::move(value));
    return *this;
}

std::string Json::text() const {
    std::string out;
    append(out, 0);
    return out;
}

void Json::append(std::string& out, int level) const {
    if (const auto* truth = std::get_if<bool>(&value_)) {
        out += *truth ? "true" : "false";
    } else if (const auto* number = std::get_if<std::int64_t>(&value_)) {
        out += std::to_string(*number);
    } else if (const auto* string = std::get_if<std::string>(&value_)) {
        append_string(out, *string);
    } else if (const auto* array = std::get_if<Array>(&value_)) {
        out += '[';
        for (std::size_t i = 0; i < array->size(); ++i) {
            if (i > 0) out += ',';
            new_line(out, level + 1);
            (*array)[i].append(out, level + 1);
        }
        if (!array->empty()) new_line(out, level);
        out += ']';
    } else if (const auto* object = std::get_if<Object>(&value_)) {
        out += '{';
        for (std::size_t i = 0; i < object->size(); ++i) {
            if (i > 0) out += ',';
            new_line(out, level + 1);
            append_string(out, (*object)[i].first);
            out += ": ";
            (*object)[i].second.append(out, level + 1);
        }
        if (!object->empty()) new_line(out, level);
        out += '}';
    } else {
        out += "null";
    }
}

}  // namespace stemma::toolstack
