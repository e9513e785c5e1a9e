#include "dns/entry_reader.hpp"

namespace stemma::dns {

namespace {

bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\r';
}

bool ends_word(char c) {
    return is_blank(c) || c == '\n' || c == ';' || c == '(' || c == ')' || c == '"';
}

std::unexpected<ZoneError> error(std::uint32_t line, const char* cause) {
    return std::unexpected(ZoneError{line, cause});
}

}  // namespace

void EntryReader::feed(std::string_view text) {
    text_.erase(0, start_);
    start_ = 0;
    text_ += text;
}

std::expected<bool, ZoneError> EntryReader::next(Entry& entry) {
    auto found = scan(entry);
    if (found && !*found && text_.size() - start_ > entry_max)
        return error(line_, "entry longer than 65536 bytes");
    return found;
}

// Rescans an entry from its start when it was not whole; its length is bounded, so is that work.
std::expected<bool, ZoneError> EntryReader::scan(Entry& entry) {
    entry.tokens.clear();
    std::size_t at = start_;
    std::uint32_t line = line_;
    std::uint32_t opened = 0;  // line of the outermost open parenthesis
    unsigned depth = 0;
    entry.begins_blank = at < text_.size() && is_blank(text_[at]);

    while (at < text_.size()) {
        const char c = text_[at];
        if (is_blank(c)) {
            ++at;
        } else if (c == '\n') {
            ++at;
            ++line;
            if (depth > 0) continue;
            start_ = at;
            line_ = line;
            if (!entry.tokens.empty()) return true;
            entry.begins_blank = at < text_.size() && is_blank(text_[at]);
        } else if (c == ';') {
            while (at < text_.size() && text_[at] != '\n')
                ++at;
        } else if (c == '(') {
            if (depth++ == 0) opened = line;
            ++at;
        } else if (c == ')') {
            if (depth == 0) return error(line, "')' without '('");
            --depth;
            ++at;
        } else {
            const bool quoted = c == '"';
            const std::size_t from = quoted ? at + 1 : at;
            std::size_t to = from;
            while (to < text_.size() && (quoted ? text_[to] != '"' : !ends_word(text_[to]))) {
                if (text_[to] == '\n') return error(line, "quoted string without its end");
                if (text_[to] == '\\') {
                    if (to + 1 < text_.size() && text_[to + 1] == '\n')
                        return error(line, "'\\' before the end of the line");
                    ++to;
                }
                ++to;
            }
            if (to > text_.size() || (quoted && to == text_.size())) {
                if (!finished_) return false;
                return error(line, quoted ? "quoted string without its end"
                                          : "'\\' before the end of the line");
            }
            if (entry.tokens.empty()) entry.line = line;
            entry.tokens.push_back({std::string_view(text_).substr(from, to - from), line, quoted});
            at = quoted ? to + 1 : to;
        }
    }
    if (!finished_) return false;
    if (depth > 0) return error(opened, "'(' without ')'");
    start_ = at;
    return !entry.tokens.empty();
}

}  // namespace stemma::dns
