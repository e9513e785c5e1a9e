#include "toolstack/zone_file.hpp"

#include <algorithm>
#include <optional>
#include <vector>

#include "toolstack/fnv_hash.hpp"

namespace stemma::toolstack {

namespace {

std::string lower(std::string_view text) {
    std::string result(text);
    for (char& c : result) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
    }
    return result;
}

// The blank-separated words of one line, up to a comment; quotes are kept.
std::vector<std::string_view> words_of(std::string_view line) {
    std::vector<std::string_view> words;
    bool quoted = false;
    std::size_t start = std::string_view::npos;
    for (std::size_t i = 0; i <= line.size(); ++i) {
        const char c = i < line.size() ? line[i] : ' ';
        if (c == '"') quoted = !quoted;
        const bool ends = i == line.size() || (!quoted && (c == ' ' || c == '\t' || c == ';'));
        if (!ends && start == std::string_view::npos) start = i;
        if (ends && start != std::string_view::npos) {
            words.push_back(line.substr(start, i - start));
            start = std::string_view::npos;
        }
        if (!quoted && c == ';') break;
    }
    return words;
}

// The owner that a SOA record's line names, if it is one; "@" and a blank owner need an $ORIGIN,
// which would have been found before.
std::optional<std::string> soa_owner(std::string_view line,
                                     const std::vector<std::string_view>& words) {
    if (line.empty() || line.front() == ' ' || line.front() == '\t') return std::nullopt;
    for (std::size_t i = 1; i < words.size() && i < 4; ++i) {
        if (lower(words[i]) == "soa") return std::string(words.front());
    }
    return std::nullopt;
}

}  // namespace

bool is_domain_name(std::string_view name) {
    if (name == ".") return true;
    if (name.ends_with('.')) name.remove_suffix(1);
    if (name.empty() || name.size() > 253) return false;
    std::size_t label = 0;
    for (const char c : name) {
        if (c == '.') {
            if (label == 0) return false;
            label = 0;
            continue;
        }
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                           (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '/';
        if (!plain || ++label > 63) return false;
    }
    return label > 0;
}

std::string zone_name(std::string_view origin) {
    if (origin.ends_with('.')) origin.remove_suffix(1);
    return lower(origin);
}

std::expected<Zone, ZoneError> make_zone(std::string_view text, std::string_view origin) {
    if (text.size() > zone_text_max) {
        return std::unexpected(
            ZoneError{0, "longer than " + std::to_string(zone_text_max) + " bytes"});
    }
    Zone zone;
    std::string found(origin);
    std::string chunk;
    std::size_t line_number = 0;
    for (std::string_view rest = text; !rest.empty();) {
        ++line_number;
        const auto end = rest.find('\n');
        const auto line = rest.substr(0, end == std::string_view::npos ? rest.size() : end);
        const auto with_end = rest.substr(0, end == std::string_view::npos ? rest.size() : end + 1);
        rest.remove_prefix(with_end.size());
        if (line.find('\0') != std::string_view::npos) {
            return std::unexpected(ZoneError{line_number, "holds a NUL byte"});
        }
        if (with_end.size() > zone_chunk_max) {
            return std::unexpected(ZoneError{line_number, "the line is longer than " +
                                                              std::to_string(zone_chunk_max - 1) +
                                                              " bytes; break it with parentheses"});
        }
        if (found.empty()) {
            const auto words = words_of(line);
            if (words.size() > 1 && lower(words.front()) == "$origin") {
                found = words[1];
            } else if (auto owner = soa_owner(line, words)) {
                found = std::move(*owner);
            }
            if (!found.empty() && (!is_domain_name(found) || !found.ends_with('.'))) {
                return std::unexpected(ZoneError{
                    line_number, "the zone's name cannot be told from \"" + found +
                                     "\": begin with $ORIGIN and an absolute name, or set `origin` "
                                     "in the configuration"});
            }
        }
        if (chunk.size() + with_end.size() > zone_chunk_max) {
            zone.chunks.push_back(std::move(chunk));
            chunk.clear();
        }
        chunk += with_end;
    }
    if (!chunk.empty()) zone.chunks.push_back(std::move(chunk));
    if (found.empty()) {
        return std::unexpected(
            ZoneError{0, "no $ORIGIN and no SOA record that names its owner: set `origin`"});
    }
    if (found == ".") return std::unexpected(ZoneError{0, "the root zone cannot be served"});
    zone.origin = lower(found);
    if (!zone.origin.ends_with('.')) zone.origin += '.';
    const std::uint64_t hash = fnv_hash(text);
    zone.serial = static_cast<std::uint32_t>(hash ^ hash >> 32);
    return zone;
}

}  // namespace stemma::toolstack
