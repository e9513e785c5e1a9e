#include "dns/entry_reader.hpp"

#include <catch2/catch.hpp>

using namespace stemma::dns;

namespace {
// Entries as "line[ blank]: token token ..." with quoted tokens in <>, or the error.
std::string entries(std::string_view text, std::size_t piece = std::string_view::npos) {
    EntryReader reader;
    Entry entry;
    std::string out;
    for (bool more = true; more;) {
        if (text.empty()) {
            reader.finish();
            more = false;
        } else {
            const auto now = text.substr(0, piece);
            text.remove_prefix(now.size());
            reader.feed(now);
        }
        for (;;) {
            const auto found = reader.next(entry);
            if (!found) return out + "error " + found.error().text();
            if (!*found) break;
            out += std::to_string(entry.line) + (entry.begins_blank ? " blank:" : ":");
            for (const auto& token : entry.tokens) {
                out.append(token.quoted ? " <" : " ").append(token.text);
                if (token.quoted) out += '>';
            }
            out += '\n';
        }
    }
    return out;
}

struct Case {
    std::string_view text;
    std::string_view entries;
};
constexpr Case cases[] = {
    {"", ""},
    {"\n \n;x\n", ""},
    {"a b\n", "1: a b\n"},
    {"a b", "1: a b\n"},
    {"a\r\nb\r\n", "1: a\n2: b\n"},
    {" a\n\tb\nc\n", "1 blank: a\n2 blank: b\n3: c\n"},
    {"a ; b\n; c\nd;e\n", "1: a\n3: d\n"},
    {"a ( b\n c ) d\ne\n", "1: a b c d\n3: e\n"},
    {"a(b;x )\nc)d\n", "1: a b c d\n"},
    {"a ( b ( c\n) d\n) e\nf", "1: a b c d e\n4: f\n"},
    {"(\n a )\n", "2: a\n"},
    {"a \"b c\" \"\" \"d;(\"e\n", "1: a <b c> <> <d;(> e\n"},
    {"a \"b\\\"c\" d\\;e \\(\n", "1: a <b\\\"c> d\\;e \\(\n"},
    {"a\\ b c\n", "1: a\\ b c\n"},
    {"a \\\\ b\n", "1: a \\\\ b\n"},
    {"a )\n", "error line 1: ')' without '('"},
    {"a\nb (\nc\n", "1: a\nerror line 2: '(' without ')'"},
    {"a \"b\nc\"\n", "error line 1: quoted string without its end"},
    {"a \"b", "error line 1: quoted string without its end"},
    {"a \"b\\", "error line 1: quoted string without its end"},
    {"a\n\nb \\\n", "1: a\nerror line 3: '\\' before the end of the line"},
    {"a \\", "error line 1: '\\' before the end of the line"},
};
}  // namespace

TEST_CASE("master files are cut into entries and words") {
    for (const auto& [text, expected] : cases) {
        CAPTURE(text);
        CHECK(entries(text) == expected);
    }
}

TEST_CASE("where the text is cut into pieces makes no difference") {
    for (const auto& [text, expected] : cases) {
        for (const std::size_t piece : {1U, 2U, 3U, 5U}) {
            CAPTURE(text, piece);
            CHECK(entries(text, piece) == expected);
        }
    }
}

TEST_CASE("an entry is bounded, a file is not") {
    std::string text;
    for (int i = 0; i < 20000; ++i)
        text += "name A 10.0.0.1\n";
    CHECK(std::ranges::count(entries(text, 1999), '\n') == 20000);

    const std::string filler(EntryReader::entry_max, 'x');
    CHECK(entries("a\nb " + filler, 2000) == "1: a\nerror line 2: entry longer than 65536 bytes");
    CHECK(entries("a ( " + filler + "\n", 2000) == "error line 1: entry longer than 65536 bytes");
}
