#include "directory_text.hpp"

#include <catch2/catch.hpp>
#include <map>

#include "applied_delta.hpp"
#include "tree_maker.hpp"

using namespace stemma::store;
using namespace stemma::store::test;

namespace {

GitTreeEntry entry(Random& random, std::string name) {
    GitTreeEntry made{std::move(name), below(random, 2) == 0, {}};
    for (std::uint8_t& byte : made.id)
        byte = static_cast<std::uint8_t>(below(random, 256));
    return made;
}

std::string bytes_of(const std::map<std::string, GitTreeEntry>& model) {
    std::vector<GitTreeEntry> entries;
    for (const auto& [name, there] : model)
        entries.push_back(there);
    return git_tree_text(entries);
}

}  // namespace

TEST_CASE("edits of a directory's bytes, one or many, are what it would be written as") {
    Random random(21);
    static constexpr std::string_view letters = "-.0@A_a";
    for (const std::size_t names : {3U, 60U, 3000U}) {
        std::map<std::string, GitTreeEntry> model;
        DirectoryText text;
        for (int round = 0; round < 400; ++round) {
            const std::string before = text.bytes();
            std::map<std::string, DirectoryText::Edit> edits;
            for (std::size_t i = below(random, round % 50 == 0 ? names : 6); i-- > 0;) {
                std::string name = "n" + std::to_string(below(random, names));
                if (below(random, 3) == 0) name += letters[below(random, letters.size())];
                if (edits.contains(name)) continue;
                DirectoryText::Edit edit{name, std::nullopt, std::nullopt};
                const auto there = model.find(name);
                if (there != model.end()) edit.was_tree = there->second.is_tree;
                if (below(random, 3) > 0) edit.now = entry(random, name);
                edits[name] = edit;
                if (edit.now) {
                    model[name] = *edit.now;
                } else {
                    model.erase(name);
                }
            }
            std::vector<DirectoryText::Edit> list;
            for (const auto& [name, edit] : edits)
                list.push_back(edit);
            std::shuffle(list.begin(), list.end(), random);
            const auto delta = text.apply(list);
            REQUIRE(delta);
            REQUIRE(text.bytes() == bytes_of(model));
            REQUIRE(applied(before, *delta) == text.bytes());
        }
    }
}

TEST_CASE("an edit of what is not there changes nothing") {
    Random random(22);
    std::vector<GitTreeEntry> entries{entry(random, "a"), entry(random, "b")};
    const std::string bytes = git_tree_text(entries);
    DirectoryText text{bytes};
    const bool a_is_tree = entries[0].is_tree;
    const auto a = entries[0];
    CHECK_FALSE(text.apply({{"a", !a_is_tree, std::nullopt}}));
    CHECK_FALSE(text.apply({{"a", !a_is_tree, a}}));
    CHECK_FALSE(text.apply({{"a", std::nullopt, a}}));
    CHECK_FALSE(text.apply({{"c", true, std::nullopt}}));
    CHECK(text.bytes() == bytes);
    CHECK(text.apply({}));
    CHECK(text.bytes() == bytes);
}
