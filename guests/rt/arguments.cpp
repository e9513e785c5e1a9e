#include "rt/arguments.hpp"

#include <algorithm>

namespace stemma::rt {

namespace {
constexpr std::string_view blanks = " \t\n";

std::string in_quotes(std::string_view word) {
    return std::string("\"").append(word).append("\"");
}
}  // namespace

std::expected<Arguments, std::string> Arguments::parse(std::string_view text,
                                                       std::span<const std::string_view> known) {
    Arguments arguments;
    while (true) {
        const auto begin = text.find_first_not_of(blanks);
        if (begin == std::string_view::npos) return arguments;
        text.remove_prefix(begin);
        const auto word = text.substr(0, text.find_first_of(blanks));
        text.remove_prefix(word.size());

        const auto equals = word.find('=');
        if (equals == std::string_view::npos || equals == 0) {
            return std::unexpected("argument " + in_quotes(word) + " is not of the form key=value");
        }
        const auto key = word.substr(0, equals);
        if (std::find(known.begin(), known.end(), key) == known.end()) {
            std::string message =
                "argument " + in_quotes(word) + ": unknown key " + in_quotes(key) + "; known:";
            for (const auto name : known)
                message.append(" ").append(name);
            return std::unexpected(std::move(message));
        }
        if (arguments.get(key)) {
            return std::unexpected("argument " + in_quotes(word) + ": key " + in_quotes(key) +
                                   " is given twice");
        }
        if (arguments.words_.size() == words_max) {
            return std::unexpected(std::string("more than 64 arguments"));
        }
        arguments.words_.push_back({key, word.substr(equals + 1)});
    }
}

std::optional<std::string_view> Arguments::get(std::string_view key) const {
    for (const auto& word : words_) {
        if (word.key == key) return word.value;
    }
    return std::nullopt;
}

}  // namespace stemma::rt
