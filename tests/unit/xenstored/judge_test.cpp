// Requests on the tree as a client sees them: replies, errors, permissions, quotas. The rules are
// C xenstored 4.17's.
#include "xenstored/judge.hpp"

#include <catch2/catch.hpp>

#include "harness.hpp"

using namespace stemma;
using namespace stemma::xenstored;
using namespace stemma::xenstored::test;
using namespace std::string_literals;

TEST_CASE("what is written is read, bytes of any kind included") {
    Lab lab;
    auto tool = lab.socket();
    for (const std::string& value : {"v"s, ""s, "a\0b\0"s, std::string(4000, '\xff')}) {
        CHECK(tool.write("/a/b", value) == "OK|");
        CHECK(tool.read("/a/b") == shown(value));
    }
    CHECK(tool.read("/a") == "");
    CHECK(tool.list("/") == "tool|a|");
}

TEST_CASE("a payload that is not what the request wants is EINVAL") {
    Lab lab;
    auto tool = lab.socket();
    tool.write("/a", "1");
    const struct {
        MessageType type;
        std::string payload;
    } cases[] = {
        {MessageType::read, ""s},
        {MessageType::read, "/a"s},
        {MessageType::read, "/a\0/b\0"s},
        {MessageType::read, "\0"s},
        {MessageType::write, ""s},
        {MessageType::write, "/a"s},
        {MessageType::mkdir, "/a"s},
        {MessageType::rm, ""s},
        {MessageType::rm, "/\0"s},
        {MessageType::directory, "/a\0\0"s},
        {MessageType::directory_part, "/a\0"s},
        {MessageType::directory_part,
         "/a\0"
         "0"s},
        {MessageType::get_perms, "@releaseDomain\0"s},
        {MessageType::set_perms, ""s},
        {MessageType::set_perms, "/a\0"s},
        {MessageType::set_perms, "/a\0x0\0"s},
        {MessageType::set_perms, "/a\0n\0"s},
        {MessageType::set_perms, "/a\0\0"s},
        {MessageType::set_perms, "/a\0n-1\0"s},
        {MessageType::set_perms, "/a\0n65536\0"s},
        {MessageType::set_perms, "@other\0n0\0"s},
        {MessageType::set_perms, "@a/b\0n0\0"s},
        {MessageType::read, "/.special\0"s},
        {MessageType::write, "/a/../b\0x"s},
        {MessageType::read, "/local/domain/\0"s},
        {MessageType::watch, "/a\0"s},
        {MessageType::watch,
         "/a\0t\0"
         "-1\0"s},
        {MessageType::watch, "/a//\0t\0"s},
        {MessageType::watch, "\0t\0"s},
        {MessageType::unwatch, "/a\0"s},
    };
    for (const auto& c : cases) {
        CAPTURE(static_cast<int>(c.type), shown(c.payload));
        CHECK(tool.ask(c.type, c.payload) == "!EINVAL");
    }
    CHECK(lab.consistent());
}

TEST_CASE("children are listed in the order of their creation") {
    Lab lab;
    auto tool = lab.socket();
    for (const char* name : {"/d/z", "/d/a", "/d/m"})
        tool.mkdir(name);
    CHECK(tool.list("/d") == "z|a|m|");
    tool.rm("/d/a");
    tool.write("/d/z", "again");
    tool.mkdir("/d/a");
    CHECK(tool.list("/d") == "z|m|a|");
}

TEST_CASE("mkdir of what exists keeps it, rm of what does not is fine below an existing parent") {
    Lab lab;
    auto tool = lab.socket();
    tool.write("/a", "value");
    CHECK(tool.mkdir("/a") == "OK|");
    CHECK(tool.read("/a") == "value");
    CHECK(tool.rm("/a/none") == "OK|");
    CHECK(tool.rm("/none/none") == "!ENOENT");
    CHECK(tool.rm("/") == "!EINVAL");
    tool.write("/a/b/c/d", "1");
    CHECK(tool.rm("/a") == "OK|");
    CHECK(tool.read("/a/b/c/d") == "!ENOENT");
    CHECK(lab.consistent());
}

TEST_CASE("a directory too long for a message is read in parts") {
    Lab lab;
    auto tool = lab.socket();
    std::string expected;
    for (int i = 0; i < 700; ++i) {
        const std::string name = "child-number-" + std::to_string(i);
        tool.mkdir("/d/" + name);
        expected += name + "|";
    }
    CHECK(tool.list("/d") == "!E2BIG");
    std::string listed;
    std::string gencnt;
    for (int parts = 0; parts < 10; ++parts) {
        const std::string part =
            tool.ask(MessageType::directory_part, "/d\0"s + std::to_string(listed.size()) + '\0');
        const auto bar = part.find('|');
        if (gencnt.empty()) gencnt = part.substr(0, bar);
        CHECK(part.substr(0, bar) == gencnt);
        CHECK(part.size() <= 4096);
        listed += part.substr(bar + 1);
        if (listed.ends_with("||")) break;
    }
    CHECK(listed == expected + "|");
    // behind the end, in the middle of a name, and what is no number
    CHECK(tool.ask(MessageType::directory_part,
                   "/d\0"
                   "99999999\0"s) == gencnt + "||");
    CHECK(tool.ask(MessageType::directory_part, "/d\0-1\0"s) == gencnt + "||");
    CHECK(
        tool.ask(MessageType::directory_part, "/d\0x\0"s).starts_with(gencnt + "|child-number-0|"));
    CHECK(tool.ask(MessageType::directory_part,
                   "/d\0"
                   "6\0"s)
              .starts_with(gencnt + "|number-0|"));
    // an empty one is its end alone
    tool.mkdir("/e");
    CHECK(tool.ask(MessageType::directory_part,
                   "/e\0"
                   "0\0"s)
              .ends_with("||"));
}

TEST_CASE("gencnt changes with the node's own value, permissions and child list, only") {
    Lab lab;
    auto tool = lab.socket();
    tool.mkdir("/d/c");
    const auto gencnt = [&] {
        return tool.ask(MessageType::directory_part,
                        "/d\0"
                        "9999\0"s);
    };
    std::string last = gencnt();
    tool.write("/d/c", "below");
    tool.write("/d/c/e", "further below");
    CHECK(gencnt() == last);
    for (const auto& change : {0, 1, 2, 3}) {
        if (change == 0) tool.write("/d", "v");
        if (change == 1) tool.set_perms("/d", "r0");
        if (change == 2) tool.mkdir("/d/new");
        if (change == 3) tool.rm("/d/new");
        CHECK(gencnt() != last);
        last = gencnt();
    }
}

TEST_CASE("new nodes inherit, and belong to the unprivileged domain that makes them") {
    Lab lab;
    auto tool = lab.socket();
    auto guest = lab.domain(5);
    lab.make(6);
    tool.mkdir("/d");
    tool.set_perms("/d", "w0 r6");
    CHECK(tool.write("/d/a/b", "1") == "OK|");
    CHECK(tool.perms("/d/a") == "w0|r6|");
    CHECK(tool.perms("/d/a/b") == "w0|r6|");
    CHECK(guest.write("/d/g/h", "1") == "OK|");
    CHECK(tool.perms("/d/g") == "w5|r6|");
    CHECK(tool.perms("/d/g/h") == "w5|r6|");
    CHECK(lab.consistent());
}

TEST_CASE("what a domain may not see, it does not learn of") {
    Lab lab;
    auto tool = lab.socket();
    auto guest = lab.domain(5);
    tool.write("/closed/inside/deep", "1");
    tool.write("/open/inside/deep", "1");
    tool.set_perms("/open", "r0");
    tool.set_perms("/open/inside", "n0");
    tool.set_perms("/closed/inside/deep", "r0");
    const struct {
        MessageType type;
        const char* path;
        const char* reply;
    } cases[] = {
        {MessageType::read, "/closed/inside/deep", "1"},   // no check on the way
        {MessageType::read, "/closed/inside", "!EACCES"},  // exists
        {MessageType::read, "/closed/none", "!EACCES"},    // does not
        {MessageType::read, "/closed/none/none", "!EACCES"},
        {MessageType::read, "/open/none", "!ENOENT"},  // the nearest one is readable
        {MessageType::read, "/open/none/none", "!ENOENT"},
        {MessageType::read, "/open/inside", "!EACCES"},
        {MessageType::read, "/open/inside/none", "!EACCES"},
        {MessageType::directory, "/", "!EACCES"},
        {MessageType::get_perms, "/open", "r0|"},
        {MessageType::rm, "/open/none", "!EACCES"},  // wants write
        {MessageType::rm, "/closed/inside/deep", "!EACCES"},
        {MessageType::mkdir, "/open/new", "!EACCES"},
        {MessageType::mkdir, "/open", "!EACCES"},  // exists, not writable
        {MessageType::rm, "/", "!EACCES"},
    };
    for (const auto& c : cases) {
        CAPTURE(static_cast<int>(c.type), c.path);
        CHECK(guest.ask_path(c.type, c.path) == c.reply);
    }
    CHECK(guest.write("/open", "x") == "!EACCES");
    CHECK(guest.set_perms("/open", "b0") == "!EACCES");
    CHECK(guest.set_perms("/open/none", "b0") == "!EACCES");
    CHECK(guest.set_perms("@releaseDomain", "r0") == "!EACCES");
}

TEST_CASE("only the owner sets permissions, and only a privileged client gives a node away") {
    Lab lab;
    auto tool = lab.socket();
    auto guest = lab.domain(5);
    lab.make(6);
    tool.mkdir("/g");
    CHECK(tool.set_perms("/g", "n5") == "OK|");
    CHECK(guest.set_perms("/g", "n5 r6") == "OK|");
    CHECK(tool.perms("/g") == "n5|r6|");
    CHECK(guest.set_perms("/g", "n6") == "!EPERM");
    CHECK(guest.set_perms("/g", "n5 r0 r1 r2 r3") == "OK|");
    CHECK(guest.set_perms("/g", "n5 r0 r1 r2 r3 r4") == "!ENOSPC");
    CHECK(tool.set_perms("/g", "n6") == "OK|");
    CHECK(guest.set_perms("/g", "n5") == "!EACCES");
    CHECK(tool.set_perms("/g", "n7") == "!ENOENT");  // no such domain
    CHECK(lab.consistent());
}

TEST_CASE("an entry for a domain that is not there never becomes live") {
    Lab lab;
    auto tool = lab.socket();
    tool.write("/secret", "s");
    CHECK(tool.set_perms("/secret", "n0 r5") == "OK|");
    CHECK(tool.perms("/secret") == "n0|r5|");  // still listed
    auto guest = lab.domain(5);
    CHECK(guest.read("/secret") == "!EACCES");
    CHECK(tool.set_perms("/secret", "n0 r5") == "OK|");
    CHECK(guest.read("/secret") == "s");
    lab.kill(5);
    auto next = lab.domain(5);
    CHECK(next.read("/secret") == "!EACCES");
}

TEST_CASE("relative paths are the domain's own") {
    Lab lab;
    auto tool = lab.socket();
    auto guest = lab.domain(5);
    tool.mkdir("/local/domain/5");
    tool.set_perms("/local/domain/5", "n5");
    CHECK(guest.write("data/x", "1") == "OK|");
    CHECK(tool.read("/local/domain/5/data/x") == "1");
    CHECK(tool.write("y", "2") == "OK|");
    CHECK(tool.read("/local/domain/0/y") == "2");
}

TEST_CASE("quotas bind guests as C binds them") {
    Server::Settings settings;
    settings.limits.nodes = 10;
    settings.limits.node_size = 200;
    Lab lab(settings);
    auto tool = lab.socket();
    auto guest = lab.domain(5);
    tool.mkdir("/g");
    tool.set_perms("/g", "n5");
    REQUIRE(lab.server.tree().counts().of(lab.server.domains().find(5)->ref).nodes == 1);

    SECTION("nodes") {
        for (int i = 0; i < 9; ++i)
            CHECK(guest.mkdir("/g/" + std::to_string(i)) == "OK|");
        CHECK(guest.mkdir("/g/more") == "!ENOSPC");
        CHECK(guest.write("/g/0", "fine") == "OK|");
        CHECK(guest.rm("/g/8") == "OK|");
        CHECK(guest.write("/g/a/b", "1") == "!ENOSPC");  // two nodes, room for one
        CHECK(guest.mkdir("/g/a") == "OK|");
        tool.mkdir("/g/theirs");  // privileged, but the guest's
        CHECK(guest.mkdir("/g/theirs/x") == "!ENOSPC");
        CHECK(guest.rm("/g/a") == "OK|");  // over the quota, removing works
    }
    SECTION("size: 24 bytes, 8 an entry, the value, the child names") {
        CHECK(guest.write("/g/a", std::string(200 - 24 - 8 - 1, 'v')) == "OK|");
        CHECK(guest.write("/g/a", std::string(200 - 24 - 8, 'v')) == "!ENOSPC");
        CHECK(guest.write("/g/b", std::string(200 - 24 - 8, 'v')) == "!ENOSPC");
        CHECK(guest.read("/g/b") == "!ENOENT");
        CHECK(guest.mkdir("/g/" + std::string(170, 'n')) == "!ENOSPC");
        CHECK(guest.mkdir("/g/" + std::string(160, 'n')) == "OK|");
        CHECK(guest.mkdir("/g/" + std::string(160, 'm')) == "!ENOSPC");
        CHECK(guest.set_perms("/g/a", "n5 r0") == "!ENOSPC");
        CHECK(tool.write("/g/a", std::string(1000, 'v')) == "OK|");
    }
    CHECK(lab.consistent());
}
