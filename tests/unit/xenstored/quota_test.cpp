// Quotas: their names, GET_QUOTA and SET_QUOTA, and whom a change concerns.
#include "xenstored/quota.hpp"

#include <catch2/catch.hpp>

#include "harness.hpp"

using namespace stemma;
using namespace stemma::xenstored;
using namespace stemma::xenstored::test;
using namespace std::string_literals;

namespace {

// Nodes that a guest can make in its home.
int nodes_made(Lab& lab, RingClient& guest) {
    auto tool = lab.socket();
    const std::string home = "/local/domain/" + std::to_string(guest.domain);
    tool.rm(home);
    tool.mkdir(home);
    tool.set_perms(home, "b" + std::to_string(guest.domain));
    int made = 0;
    while (made < 50 && guest.mkdir("n" + std::to_string(made)) == "OK|")
        ++made;
    lab.server.disconnect(tool.id());
    return made;
}

}  // namespace

TEST_CASE("the compiled-in quotas are those of C 4.17") {
    const Limits limits;
    CHECK(limits.nodes == 1000);
    CHECK(limits.watches == 128);
    CHECK(limits.transactions == 10);
    CHECK(limits.transaction_nodes == 1024);
    CHECK(limits.node_size == 2048);
    CHECK(limits.permissions == 5);
    CHECK(limits.path_max == 2048);
    CHECK(limits.outstanding == 20);
    CHECK(limits.memory == 2621440);
    CHECK(limits.memory_soft == 2097152);
    CHECK(limits.event_timeout == std::chrono::seconds(20));
}

TEST_CASE("a quota is found by its name in either release") {
    CHECK(find_quota("permissions") == find_quota("node-permissions"));
    CHECK(find_quota("permissions")->value == &Limits::permissions);
    CHECK(find_quota("memory")->value == &Limits::memory);
    CHECK(find_quota("soft-memory")->value == &Limits::memory_soft);
    CHECK(find_quota("memory", true)->value == &Limits::memory_soft);
    for (const char* name : {"", "node", "soft-nodes", "nodes=1", "transaction_nodes"})
        CHECK(find_quota(name) == nullptr);
    CHECK(find_quota("nodes", true) == nullptr);
    // each that is listed is one
    std::string names(quota_names());
    std::size_t count = 0;
    for (std::size_t at = 0; at < names.size(); ++count) {
        const auto end = std::min(names.find(' ', at), names.size());
        CHECK(find_quota(std::string_view(names).substr(at, end - at)) != nullptr);
        at = end + 1;
    }
    CHECK(count == quotas().size());
}

TEST_CASE("GET_QUOTA and SET_QUOTA") {
    Lab lab;
    auto tool = lab.socket();
    auto guest = lab.domain(5);
    const struct {
        MessageType type;
        std::string payload;
        std::string reply;
    } cases[] = {
        {MessageType::get_quota, "", std::string(quota_names()) + "|"},
        {MessageType::get_quota, parts({"nodes"}), "1000|"},
        {MessageType::get_quota, parts({"soft-memory"}), "2097152|"},
        {MessageType::get_quota, parts({"5", "node-permissions"}), "5|"},
        {MessageType::get_quota, parts({"nonsense"}), "!EINVAL"},
        {MessageType::get_quota, parts({"5", "nonsense"}), "!EINVAL"},
        {MessageType::get_quota, parts({"6", "nodes"}), "!ENOENT"},
        {MessageType::get_quota, parts({"x", "nodes"}), "!EINVAL"},
        {MessageType::get_quota, parts({"5", "nodes", "1"}), "!EINVAL"},
        {MessageType::set_quota, parts({"nodes"}), "!EINVAL"},
        {MessageType::set_quota, parts({"nodes", "-1"}), "!EINVAL"},
        {MessageType::set_quota, parts({"6", "nodes", "1"}), "!ENOENT"},
        {MessageType::set_quota, parts({"5", "nodes", "1", "1"}), "!EINVAL"},
        {MessageType::set_quota, parts({"5", "nodes", "7"}), "OK|"},
        {MessageType::get_quota, parts({"5", "nodes"}), "7|"},
        {MessageType::get_quota, parts({"nodes"}), "1000|"},
        {MessageType::set_quota, parts({"nodes", "12"}), "OK|"},
        {MessageType::get_quota, parts({"nodes"}), "12|"},
        {MessageType::get_quota, parts({"5", "nodes"}), "7|"},
    };
    for (const auto& c : cases) {
        CAPTURE(static_cast<int>(c.type), shown(c.payload));
        CHECK(tool.ask(c.type, c.payload) == c.reply);
    }
    CHECK(guest.ask(MessageType::get_quota, "") == "!EACCES");
    CHECK(guest.ask(MessageType::set_quota, parts({"5", "nodes", "0"})) == "!EACCES");
    CHECK(tool.ask(MessageType::get_quota, parts({"5", "nodes"})) == "7|");
}

TEST_CASE("SET_QUOTA binds the domain it names, or those that come later, 0 binds nobody") {
    Server::Settings settings;
    settings.limits.nodes = 10;
    Lab lab(settings);
    auto tool = lab.socket();
    auto five = lab.domain(5);
    auto six = lab.domain(6);
    CHECK(nodes_made(lab, five) == 9);  // C counts the home, too
    CHECK(tool.ask(MessageType::set_quota, parts({"5", "nodes", "20"})) == "OK|");
    CHECK(nodes_made(lab, five) == 19);
    CHECK(nodes_made(lab, six) == 9);
    CHECK(tool.ask(MessageType::set_quota, parts({"nodes", "30"})) == "OK|");
    auto seven = lab.domain(7);
    CHECK(nodes_made(lab, five) == 19);
    CHECK(nodes_made(lab, six) == 9);
    CHECK(nodes_made(lab, seven) == 29);
    CHECK(tool.ask(MessageType::set_quota, parts({"6", "nodes", "0"})) == "OK|");
    CHECK(nodes_made(lab, six) == 50);
}

TEST_CASE("a quota changed for all leaves alone the domains with one of their own") {
    Server::Settings settings;
    settings.limits.nodes = 10;
    Lab lab(settings);
    auto five = lab.domain(5);
    auto six = lab.domain(6);
    DomainTable::set_limit(*lab.server.domains().find(5), *find_quota("nodes"), 15);
    lab.server.domains().set_limit(*find_quota("nodes"), 20);
    CHECK(nodes_made(lab, five) == 14);
    CHECK(nodes_made(lab, six) == 19);
}

TEST_CASE("quotas of one domain bind its transactions, watches and permissions") {
    Lab lab;
    auto tool = lab.socket();
    auto guest = lab.domain(5);
    tool.mkdir("/g");
    tool.set_perms("/g", "b5");
    for (const char* name : {"transactions", "watches", "node-permissions", "node-size"})
        CHECK(tool.ask(MessageType::set_quota,
                       parts({"5", name, name == "node-size"s ? "100" : "1"})) == "OK|");
    CHECK(guest.start() != 0);
    CHECK(guest.start() != 0);
    CHECK(guest.start() == 0);
    CHECK(guest.watch("/a", "1") == "OK|");
    CHECK(guest.watch("/a", "2") == "OK|");
    CHECK(guest.watch("/a", "3") == "!E2BIG");
    CHECK(guest.set_perms("/g", "b5 r1") == "!ENOSPC");
    CHECK(guest.write("/g", std::string(70, 'x')) == "!ENOSPC");
    CHECK(guest.write("/g", std::string(60, 'x')) == "OK|");
    CHECK(tool.ask(MessageType::set_quota, parts({"5", "path-max", "4"})) == "OK|");
    CHECK(guest.read("/g") != "!EINVAL");
    CHECK(guest.read("/gggg") == "!EINVAL");
    CHECK(tool.read("/gggg") == "!ENOENT");
}

TEST_CASE("quotas and features of a dead domain are not the next one's") {
    Lab lab;
    auto tool = lab.socket();
    lab.domain(5);
    tool.ask(MessageType::set_quota, parts({"5", "nodes", "3"}));
    lab.kill(5);
    CHECK(tool.ask(MessageType::get_quota, parts({"5", "nodes"})) == "!ENOENT");
    lab.domain(5);
    CHECK(tool.ask(MessageType::get_quota, parts({"5", "nodes"})) == "1000|");
}
