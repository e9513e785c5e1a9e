// D: ways around permissions.
#include "hostile_test.hpp"

using namespace stemma;
using namespace stemma::xenstored;
using namespace stemma::xenstored::test;
using namespace std::string_literals;
using Events = std::vector<std::string>;

HOSTILE_TEST("D1", "watch events tell no name that the watcher may not read") {
    Hostile lab;
    lab.tool.write("/secret/name", "1");
    for (const char* path : {"/", "/secret", "/secret/name", "@introduceDomain", "@releaseDomain"})
        lab.evil.watch(path, "t");
    lab.evil.take_events();
    lab.tool.write("/secret/name", "2");
    lab.tool.write("/secret/other", "1");
    lab.tool.set_perms("/secret/other", "n0 r6");
    lab.tool.rm("/secret/other");
    const auto id = lab.tool.start();
    lab.tool.write("/secret/in-transaction", "1", id);
    lab.tool.rm("/secret/name", id);
    lab.tool.commit(id);
    lab.tool.rm("/secret");
    lab.domain(7);
    lab.kill(7);
    CHECK(lab.evil.take_events().empty());
    // the last event before one loses sight
    lab.tool.write("/seen", "1");
    lab.tool.set_perms("/seen", "r0");
    lab.evil.take_events();
    lab.tool.set_perms("/seen", "n0");
    CHECK(lab.evil.take_events() == Events{"/seen|t|"});
    lab.tool.write("/seen", "2");
    CHECK(lab.evil.take_events().empty());
}

HOSTILE_TEST("D2", "privileged operations: a guest is refused each, whatever the payload") {
    Hostile lab;
    const auto connections = lab.server.connections().size();
    for (const auto type :
         {MessageType::control, MessageType::introduce, MessageType::release,
          MessageType::is_domain_introduced, MessageType::resume, MessageType::set_target,
          MessageType::set_feature, MessageType::get_quota, MessageType::set_quota}) {
        for (const std::string& payload :
             {""s, "\0"s, strings_of({"5"}), strings_of({"6"}), strings_of({"6", "1", "1"}),
              strings_of({"6", "5"}), strings_of({"quota", "set", "nodes", "9999"}),
              strings_of({"6", "nodes", "1"})}) {
            CAPTURE(static_cast<int>(type));
            CHECK(lab.evil.ask(type, payload) == "!EACCES");
            CHECK(lab.evil.ask(type, payload, 0xffffffff) == "!EACCES");
        }
    }
    CHECK(lab.evil.ask(MessageType::get_feature, strings_of({"6"})) == "!EACCES");
    CHECK(lab.server.connections().size() == connections);
    CHECK(lab.server.domains().limits().nodes == 1000);
    CHECK(lab.others_are_well());
}

HOSTILE_TEST("D3", "the root node is checked as any other") {
    Hostile lab;
    CHECK(lab.evil.read("/") == "!EACCES");
    CHECK(lab.evil.list("/") == "!EACCES");
    CHECK(lab.evil.perms("/") == "!EACCES");
    CHECK(lab.evil.write("/", "x") == "!EACCES");
    CHECK(lab.evil.rm("/") == "!EACCES");
    CHECK(lab.evil.set_perms("/", "b5") == "!EACCES");
    CHECK(lab.evil.mkdir("/top") == "!EACCES");
    CHECK(lab.evil.write("/a/b/c", "x") == "!EACCES");
    const auto id = lab.evil.start();
    CHECK(lab.evil.write("/", "x", id) == "!EACCES");
    CHECK(lab.evil.rm("/tool", id) == "!EACCES");
    CHECK(lab.evil.commit(id) == "OK|");
    lab.tool.set_perms("/", "r0");
    CHECK(lab.evil.list("/") == "tool|local|");
    CHECK(lab.evil.mkdir("/top") == "!EACCES");
    CHECK(lab.others_are_well());
}

HOSTILE_TEST("D4", "stale grants: what was given to a domain is not its successor's") {
    Hostile lab;
    lab.tool.write("/given", "secret");
    lab.tool.set_perms("/given", "n0 b5");
    lab.tool.set_perms("@releaseDomain", "n0 r5");
    lab.tool.ask(MessageType::set_target, strings_of({"5", "6"}));
    CHECK(lab.evil.read("/given") == "secret");
    CHECK(lab.evil.list("/local/domain/6") == "");
    lab.kill(5);
    auto next = lab.domain(5);
    CHECK(next.read("/given") == "!EACCES");
    CHECK(next.write("/given", "x") == "!EACCES");
    CHECK(next.list("/local/domain/6") == "!EACCES");
    next.watch("@releaseDomain", "t");
    next.watch("/given", "t");
    next.take_events();
    lab.tool.write("/given", "again");
    lab.domain(7);
    lab.kill(7);
    CHECK(next.take_events().empty());
    CHECK(lab.tool.perms("/given") == "n0|b5|");  // listed as it was set

    // nor is what was given before there was any
    lab.tool.set_perms("/given", "n0 r8");
    auto eight = lab.domain(8);
    CHECK(eight.read("/given") == "!EACCES");
}

HOSTILE_TEST("D4", "a special node that a dead domain owned is domain 0's again") {
    Hostile lab;
    lab.tool.rm("/local/domain/5");
    CHECK(lab.tool.set_perms("@releaseDomain", "n5") == "OK|");
    CHECK(lab.use_of(5).nodes == 0);
    lab.kill(5);
    auto next = lab.domain(5);
    CHECK(lab.server.tree().head().find("/.special/@releaseDomain")->permissions().text() == "n0");
    CHECK(next.set_perms("@releaseDomain", "b5") == "!EACCES");
}

HOSTILE_TEST("D5", "normal form of paths: length and form are judged on the whole path") {
    Hostile lab;
    const std::string home = "/local/domain/5/";
    for (const std::size_t length : {2047u, 2048u, 2049u, 3000u}) {
        CAPTURE(length);
        const std::string name(length, 'n');
        const bool valid = length <= 2048;  // what comes after /local/domain/N/
        for (const std::string& path : {name, home + name}) {
            CHECK((lab.evil.read(path) != "!EINVAL") == valid);
            CHECK((lab.evil.watch(path, std::to_string(length)) == "OK|") ==
                  (valid && path == name));  // the second is the first
            CHECK((lab.evil.write(path, "") != "!EINVAL") == valid);
        }
    }
    for (const char* path : {"a//b", "a/", "/local/domain/5//a", "/local/domain/5/a/", "../6",
                             "a b", "/local/domain//5", "./a", "a\\b", "a:b", "@x",
                             "/.special/@releaseDomain", "/.special"}) {
        CAPTURE(path);
        CHECK(lab.evil.write(path, "x") == "!EINVAL");
        CHECK(lab.evil.rm(path) == "!EINVAL");
        CHECK(lab.evil.set_perms(path, "b5") == "!EINVAL");
    }
    CHECK(lab.others_are_well());
}
