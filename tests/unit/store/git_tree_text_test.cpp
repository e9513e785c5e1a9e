#include "git_tree_text.hpp"

#include <catch2/catch.hpp>
#include <fstream>
#include <set>

#include "object_sink.hpp"
#include "sha1.hpp"
#include "temporary_directory.hpp"
#include "tree_maker.hpp"

using namespace stemma::store;
using namespace stemma::store::test;

TEST_CASE("tree objects get the ids that git mktree gives them") {
    const TemporaryDirectory directory;
    REQUIRE(run("git init -q --bare '" + (directory / "r").string() + "'").status == 0);
    Random random(8);
    static constexpr std::string_view letters = "-./0@A_a";
    std::string input;  // trees parted by blank lines, as `mktree --batch` takes them
    std::string expected;
    const ObjectId blob = *object_id(ObjectKind::blob, "");
    for (int round = 0; round < 200; ++round) {
        std::set<std::string> names;
        for (std::size_t i = below(random, 12); i > 0; --i) {
            std::string name = "a";
            for (std::size_t size = below(random, 4); size > 0; --size) {
                const char c = letters[below(random, letters.size())];
                name += c == '/' ? 'b' : c;
            }
            names.insert(name);
        }
        std::vector<GitTreeEntry> entries;
        for (const std::string& name : names) {
            const bool is_tree = below(random, 2) == 0;
            entries.push_back({name, is_tree, blob});
            input +=
                (is_tree ? "040000 tree " : "100644 blob ") + to_hex(blob) + "\t" + name + "\n";
        }
        input += "\n";
        std::shuffle(entries.begin(), entries.end(), random);
        expected += to_hex(*object_id(ObjectKind::tree, git_tree_text(entries))) + "\n";
    }
    std::ofstream(directory / "input") << input;
    const Ran made =
        git(directory / "r", "mktree --batch --missing < '" + (directory / "input").string() + "'");
    CHECK(made.output == expected);
}
