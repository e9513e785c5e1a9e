#include "epoch_note.hpp"

#include <algorithm>
#include <charconv>
#include <vector>

namespace stemma::store {
namespace {

template <class Number>
bool take(std::string_view text, Number& number) {
    const char* const end = text.data() + text.size();
    return std::from_chars(text.data(), end, number).ptr == end && !text.empty();
}

std::vector<std::string_view> words_of(std::string_view line) {
    std::vector<std::string_view> words;
    while (true) {
        const auto end = line.find(' ');
        words.push_back(line.substr(0, end));
        if (end == std::string_view::npos) return words;
        line.remove_prefix(end + 1);
    }
}

}  // namespace

std::string vm_text(std::string_view value) {
    const bool plain =
        value.starts_with("/vm/") && value.size() <= 64 && std::ranges::all_of(value, [](char c) {
            return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                   c == '-' || c == '_' || c == '/';
        });
    return std::string(plain ? value : no_vm);
}

std::string format_epoch_note(const EpochNote& note) {
    std::string text =
        "end " + std::to_string(note.end) + "\nlevel " + std::to_string(note.level) + "\n";
    for (const auto& [domain, seen] : note.domains) {
        text += "domain " + std::to_string(domain.number) + " " + domain.vm + " " +
                std::to_string(seen) + "\n";
    }
    return text;
}

std::optional<EpochNote> parse_epoch_note(std::string_view text) {
    EpochNote note;
    bool complete = false;
    while (!text.empty()) {
        const auto end = text.find('\n');
        if (end == std::string_view::npos) return std::nullopt;
        const auto words = words_of(text.substr(0, end));
        text.remove_prefix(end + 1);
        if (words.size() == 2 && words[0] == "end") {
            complete = take(words[1], note.end);
        } else if (words.size() == 2 && words[0] == "level") {
            if (!take(words[1], note.level)) return std::nullopt;
        } else {
            DomainName domain;
            std::int64_t seen = 0;
            const bool good = words.size() == 4 && words[0] == "domain" &&
                              take(words[1], domain.number) && take(words[3], seen);
            if (!good) return std::nullopt;
            domain.vm = words[2];
            note.domains[domain] = seen;
        }
    }
    return complete ? std::optional(note) : std::nullopt;
}

}  // namespace stemma::store
