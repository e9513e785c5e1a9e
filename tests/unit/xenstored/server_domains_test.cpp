// Domains: INTRODUCE, RELEASE and their kin, deaths, and what dies with a domain.
#include <catch2/catch.hpp>

#include "harness.hpp"

using namespace stemma;
using namespace stemma::xenstored;
using namespace stemma::xenstored::test;
using namespace std::string_literals;

TEST_CASE("requests about domains answer as C does") {
    Lab lab;
    auto tool = lab.socket();
    lab.make(5);
    const struct {
        MessageType type;
        std::string payload;
        const char* reply;
    } cases[] = {
        {MessageType::introduce, ""s, "!EINVAL"},
        {MessageType::introduce,
         "5\0"
         "1\0"s,
         "!EINVAL"},
        {MessageType::introduce,
         "5\0"
         "1\0"
         "0\0"s,
         "!EINVAL"},  // port
        {MessageType::introduce,
         "6\0"
         "1\0"
         "1\0"s,
         "!EINVAL"},  // no such domain
        {MessageType::introduce,
         "5\0"
         "1\0"
         "2\0"s,
         "!EINVAL"},  // another port
        {MessageType::introduce,
         "0\0"
         "1\0"
         "1\0"s,
         "!EINVAL"},  // has no ring
        {MessageType::is_domain_introduced, "5\0"s, "F|"},
        {MessageType::release, "5\0"s, "!ENOENT"},
        {MessageType::introduce,
         "5\0"
         "1\0"
         "1\0"s,
         "OK|"},
        {MessageType::is_domain_introduced, "5\0"s, "T|"},
        {MessageType::is_domain_introduced, "0\0"s, "T|"},
        {MessageType::is_domain_introduced, "32752\0"s, "T|"},  // DOMID_SELF
        {MessageType::is_domain_introduced, "7\0"s, "F|"},
        {MessageType::is_domain_introduced, "5"s, "!EINVAL"},
        {MessageType::resume, "5\0"s, "OK|"},
        {MessageType::resume, "0\0"s, "!EINVAL"},
        {MessageType::resume, "7\0"s, "!ENOENT"},
        {MessageType::set_target, "5\0"s, "!EINVAL"},
        {MessageType::set_target,
         "5\0"
         "7\0"s,
         "!ENOENT"},
        {MessageType::set_target,
         "7\0"
         "5\0"s,
         "!ENOENT"},
        {MessageType::get_domain_path, "5\0"s, "/local/domain/5|"},
        {MessageType::get_domain_path, "x\0"s, "/local/domain/0|"},
        {MessageType::get_domain_path, "-1\0"s, "/local/domain/4294967295|"},
        {MessageType::get_domain_path, "5"s, "!EINVAL"},
        {MessageType::release, "0\0"s, "!EINVAL"},
        {MessageType::release, "5"s, "!EINVAL"},
        {MessageType::release, "7\0"s, "!ENOENT"},
        {MessageType::release, "5\0"s, "OK|"},
        {MessageType::is_domain_introduced, "5\0"s, "F|"},
    };
    for (const auto& c : cases) {
        CAPTURE(static_cast<int>(c.type), shown(c.payload));
        CHECK(tool.ask(c.type, c.payload) == c.reply);
    }
}

TEST_CASE("a guest may not ask what only domain 0 may") {
    Lab lab;
    auto guest = lab.domain(5);
    for (const auto type :
         {MessageType::control, MessageType::introduce, MessageType::release,
          MessageType::is_domain_introduced, MessageType::resume, MessageType::set_target}) {
        CHECK(guest.ask_path(type, "5") == "!EACCES");
    }
    CHECK(guest.ask_path(MessageType::get_domain_path, "5") == "/local/domain/5|");
    CHECK(guest.ask_path(MessageType::reset_watches, "") == "OK|");
}

TEST_CASE("@introduceDomain and @releaseDomain are told to whom may read them") {
    Lab lab;
    auto tool = lab.socket();
    auto curious = lab.domain(4);
    auto trusted = lab.domain(3);
    tool.set_perms("@releaseDomain", "n0 r3");
    for (Client* client : {static_cast<Client*>(&tool), static_cast<Client*>(&curious),
                           static_cast<Client*>(&trusted)}) {
        client->watch("@introduceDomain", "i");
        client->watch("@releaseDomain", "r");
        client->take_events();
    }
    lab.domain(5);
    CHECK(tool.take_events() == std::vector{"@introduceDomain|i|"s});
    lab.server.domain_shut_down(5);
    CHECK(tool.take_events() == std::vector{"@releaseDomain|r|"s});
    lab.server.domain_shut_down(5);  // told once
    CHECK(tool.take_events().empty());
    CHECK(tool.ask_path(MessageType::resume, "5") == "OK|");
    lab.server.domain_shut_down(5);
    CHECK(tool.take_events() == std::vector{"@releaseDomain|r|"s});
    lab.kill(5);
    CHECK(tool.take_events() == std::vector{"@releaseDomain|r|"s});
    CHECK(curious.take_events().empty());
    CHECK(trusted.take_events().size() == 3);
}

TEST_CASE("what a domain owned goes with it, what others own below it, too") {
    Lab lab;
    auto tool = lab.socket();
    auto guest = lab.domain(5);
    auto other = lab.domain(6);
    tool.mkdir("/local/domain/5");
    tool.set_perms("/local/domain/5", "b5");
    guest.write("data/mine", "1");
    other.write("/local/domain/5/data/theirs", "1");
    tool.mkdir("/elsewhere/shared");
    tool.set_perms("/elsewhere/shared", "b0 b5");
    guest.write("/elsewhere/shared/guest", "1");
    tool.set_perms("@releaseDomain", "n5");
    for (const char* path : {"/local/domain/5/data/mine", "/elsewhere", "@releaseDomain"})
        tool.watch(path, "t");
    tool.take_events();
    lab.kill(5);
    CHECK(tool.list("/local/domain") == "");
    CHECK(tool.list("/elsewhere/shared") == "");
    CHECK(tool.perms("/elsewhere/shared") == "b0|b5|");  // listed, and nobody's
    CHECK(tool.take_events() == std::vector{"/local/domain/5/data/mine|t|"s,
                                            "/elsewhere/shared/guest|t|"s, "@releaseDomain|t|"s});
    CHECK(lab.consistent());
    CHECK(lab.history.entries.back().domain == 5);

    auto next = lab.domain(5);
    CHECK(next.read("/elsewhere/shared") == "");  // as everybody: b0
    CHECK(next.set_perms("@releaseDomain", "n5") == "!EACCES");
}

TEST_CASE("orphans are kept where the operator says so") {
    Server::Settings settings;
    settings.keep_orphans = true;
    Lab lab(settings);
    auto tool = lab.socket();
    auto guest = lab.domain(5);
    tool.mkdir("/g");
    tool.set_perms("/g", "n5");
    guest.write("/g/x", "1");
    lab.kill(5);
    CHECK(tool.perms("/g/x") == "n0|");
    CHECK(lab.consistent());
}

TEST_CASE("a domain that was only named leaves no trace") {
    Lab lab;
    auto tool = lab.socket();
    lab.make(5);
    tool.mkdir("/g");
    tool.set_perms("/g", "n5");
    tool.watch("@releaseDomain", "t");
    tool.take_events();
    lab.kill(5);
    CHECK(tool.list("/") == "tool|");
    CHECK(tool.take_events().empty());  // it was never introduced
    CHECK(lab.consistent());
}

TEST_CASE("a device model may do what its target may") {
    Lab lab;
    auto tool = lab.socket();
    auto model = lab.domain(6);
    auto target = lab.domain(5);
    tool.mkdir("/local/domain/5");
    tool.set_perms("/local/domain/5", "n5");
    CHECK(model.write("/local/domain/5/x", "1") == "!EACCES");
    CHECK(tool.ask(MessageType::set_target,
                   "6\0"
                   "5\0"s) == "OK|");
    CHECK(model.write("/local/domain/5/x", "1") == "OK|");
    CHECK(tool.perms("/local/domain/5/x") == "n6|");
    lab.kill(5);
    auto next = lab.domain(5);
    tool.mkdir("/local/domain/5");
    tool.set_perms("/local/domain/5", "n5");
    CHECK(model.write("/local/domain/5/x", "1") == "!EACCES");
}

TEST_CASE("a privileged domain may all, and be released by itself") {
    Server::Settings settings;
    settings.privileged_domain = 3;
    Lab lab(settings);
    auto domain = lab.domain(3);
    CHECK(domain.write("/anywhere", "1") == "OK|");
    CHECK(domain.ask_path(MessageType::is_domain_introduced, "3") == "T|");
    CHECK(domain.ask_path(MessageType::release, "3") == "nothing");
    auto tool = lab.socket();
    CHECK(tool.ask_path(MessageType::is_domain_introduced, "3") == "F|");
}
