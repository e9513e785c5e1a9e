#include "xenstored/tree_dump.hpp"

#include <catch2/catch.hpp>

#include "harness.hpp"

using namespace stemma::xenstored;
using namespace stemma::xenstored::test;

namespace {

// All parts of at most `size` bytes, joined; every cursor is of the part's last line.
std::string whole(const stemma::store::Tree& tree, std::string_view top, std::size_t size) {
    std::string lines, cursor;
    do {
        const TreeDump part = dump_tree(tree, top, cursor, size);
        CHECK(part.lines.size() + part.cursor.size() <= size);
        lines += part.lines;
        cursor = part.cursor;
    } while (!cursor.empty());
    return lines;
}

}  // namespace

TEST_CASE("a dump in parts of any size is the same dump") {
    Lab lab;
    auto tool = lab.socket();
    tool.write("/d/b", std::string("a\tb\\\0\xff", 6));
    tool.write("/d/a/x", "1");
    tool.write("/d/a-b", "2");
    tool.write("/d/c", "");
    tool.set_perms("/d/c", "n0 r5");
    const std::string expected =
        "/d\tn0\t\n"
        "/d/a\tn0\t\n"
        "/d/a/x\tn0\t1\n"
        "/d/a-b\tn0\t2\n"
        "/d/b\tn0\ta\\x09b\\x5c\\x00\\xff\n"
        "/d/c\tn0 r5\t\n";
    const auto& tree = lab.server.tree().head();
    for (std::size_t size = 48; size < 200; ++size)
        CHECK(whole(tree, "/d", size) == expected);
    CHECK(whole(tree, "/", 4000).starts_with("/\tn0\t\n/d\tn0\t\n"));
    CHECK(whole(tree, "/", 4000).find(".special") == std::string::npos);
    CHECK(dump_tree(tree, "/none", "", 100).lines.empty());
}

TEST_CASE("a cursor whose node is gone goes on behind its place") {
    Lab lab;
    auto tool = lab.socket();
    for (const char* path : {"/d/a", "/d/b/x", "/d/c"})
        tool.mkdir(path);
    const auto& tree = lab.server.tree();
    CHECK(dump_tree(tree.head(), "/d", "/d/b/x", 100).lines == "/d/c\tn0\t\n");
    tool.rm("/d/b");
    CHECK(dump_tree(tree.head(), "/d", "/d/b/x", 100).lines == "/d/c\tn0\t\n");
    CHECK(dump_tree(tree.head(), "/d", "/d/b", 100).lines == "/d/c\tn0\t\n");
    CHECK(dump_tree(tree.head(), "/d", "/d/zz/y", 100).lines.empty());
    CHECK(dump_tree(tree.head(), "/", "/d/a", 100).lines.starts_with("/d/c"));
}

TEST_CASE("a value too long for a part is cut") {
    Lab lab;
    auto tool = lab.socket();
    tool.write("/d", std::string(4000, '\x01'));
    const TreeDump part = dump_tree(lab.server.tree().head(), "/d", "", 500);
    CHECK(part.lines.size() <= 500);
    CHECK(part.lines.ends_with("...\n"));
}
