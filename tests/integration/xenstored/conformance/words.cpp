#include "words.hpp"

#include <cctype>
#include <cstdio>
#include <cstdlib>

namespace conformance {

namespace {

class Splitter {
  public:
    Splitter(std::string_view text, const Variables& variables)
        : text_(text), variables_(variables) {}

    std::vector<std::string> split() {
        std::vector<std::string> words;
        for (skip_blanks(); at_ < text_.size(); skip_blanks())
            words.push_back(word());
        return words;
    }

  private:
    void skip_blanks() {
        while (at_ < text_.size() && text_[at_] == ' ')
            ++at_;
    }

    std::string word() {
        std::string made;
        bool inside = false;
        for (; at_ < text_.size() && (inside || text_[at_] != ' '); ++at_) {
            switch (text_[at_]) {
                case '"':
                    inside = !inside;
                    break;
                case '\\':
                    made += escaped();
                    break;
                case '{':
                    made += repeated();
                    break;
                case '$':
                    made += variable();
                    break;
                default:
                    made += text_[at_];
            }
        }
        return made;
    }

    // Each of these leaves at_ on the last character it took.
    char escaped() {
        if (++at_ >= text_.size()) return '\\';
        switch (text_[at_]) {
            case '0':
                return '\0';
            case 'n':
                return '\n';
            case 't':
                return '\t';
            case 'x': {
                const std::string digits(text_.substr(at_ + 1, 2));
                at_ += digits.size();
                return static_cast<char>(std::strtol(digits.c_str(), nullptr, 16));
            }
            default:
                return text_[at_];
        }
    }

    std::string repeated() {
        const auto end = text_.find('}', at_);
        const auto star = text_.rfind('*', end);
        if (end == std::string_view::npos || star == std::string_view::npos || star < at_) {
            return "{";
        }
        const auto inside = text_.substr(at_ + 1, star - at_ - 1);
        const std::string piece = Splitter(inside, variables_).word();
        std::string made;
        for (int left = std::atoi(std::string(text_.substr(star + 1)).c_str()); left > 0; --left)
            made += piece;
        at_ = end;
        return made;
    }

    std::string variable() {
        std::size_t first = at_ + 1;
        const bool braces = first < text_.size() && text_[first] == '{';
        if (braces) ++first;
        std::size_t end = first;
        while (end < text_.size() && std::isalnum(static_cast<unsigned char>(text_[end])) != 0)
            ++end;
        at_ = braces ? end : end - 1;
        const auto found = variables_.find(text_.substr(first, end - first));
        return found == variables_.end() ? std::string() : found->second;
    }

    std::string_view text_;
    const Variables& variables_;
    std::size_t at_ = 0;
};

}  // namespace

std::vector<std::string> words_of(std::string_view text, const Variables& variables) {
    return Splitter(text, variables).split();
}

std::string quoted(std::string_view bytes) {
    std::string made = "\"";
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        char escape[8] = {c, '\0'};
        if (c == '\0') {
            std::snprintf(escape, sizeof escape, "\\0");
        } else if (byte < 32 || byte > 126) {
            std::snprintf(escape, sizeof escape, "\\x%02x", byte);
        } else if (c == '"' || c == '\\') {
            std::snprintf(escape, sizeof escape, "\\%c", c);
        }
        made += escape;
    }
    return made + '"';
}

}  // namespace conformance
