// What is offered by bits of server_features: watch depth and entries for every domain; GET_FEATURE
// and SET_FEATURE, by which domain 0 takes them from a domain.
#include <catch2/catch.hpp>

#include "harness.hpp"

using namespace stemma;
using namespace stemma::xenstored;
using namespace stemma::xenstored::test;
using namespace std::string_literals;
using Events = std::vector<std::string>;

namespace {

// A domain with these features, set before it is introduced.
RingClient domain_with(Lab& lab, xs::DomainId id, std::string_view features) {
    lab.make(id);
    auto tool = lab.socket();
    REQUIRE(tool.ask(MessageType::set_feature, parts({std::to_string(id), features})) == "OK|");
    const auto page = lab.hypervisor.pages.at(id);
    REQUIRE(tool.ask(MessageType::introduce, parts({std::to_string(id), "1", "1"})) == "OK|");
    return {lab, id, page};
}

std::uint32_t offered(const RingClient& client) {
    std::uint32_t word = 0;
    std::memcpy(&word, client.page->bytes.data() + xs::ring_page::server_features, sizeof word);
    return word;
}

std::string watch(Client& client, std::string_view path, std::string_view token,
                  std::string_view depth) {
    return client.ask(MessageType::watch, parts({path, token, depth}));
}

}  // namespace

TEST_CASE("features are asked for by anybody, and changed by domain 0 before INTRODUCE") {
    Lab lab;
    auto tool = lab.socket();
    auto guest = lab.domain(5);
    lab.make(6);
    const struct {
        MessageType type;
        std::string payload;
        const char* reply;
    } cases[] = {
        {MessageType::get_feature, "", "15|"},
        {MessageType::get_feature, parts({"5"}), "15|"},
        {MessageType::get_feature, parts({"0"}), "15|"},
        {MessageType::get_feature, parts({"7"}), "!ENOENT"},
        {MessageType::get_feature, parts({"x"}), "!EINVAL"},
        {MessageType::get_feature, parts({"5x"}), "!EINVAL"},
        {MessageType::get_feature, parts({"65536"}), "!EINVAL"},
        {MessageType::get_feature, parts({"-1"}), "!EINVAL"},
        {MessageType::get_feature, parts({"5", "5"}), "!EINVAL"},
        {MessageType::set_feature, parts({"5", "2"}), "!EBUSY"},
        {MessageType::set_feature, parts({"0", "2"}), "!EBUSY"},
        {MessageType::set_feature, parts({"6", "16"}), "!EINVAL"},
        {MessageType::set_feature, parts({"6", "-1"}), "!EINVAL"},
        {MessageType::set_feature, parts({"6"}), "!EINVAL"},
        {MessageType::set_feature, parts({"7", "2"}), "!ENOENT"},
        {MessageType::set_feature, parts({"6", "2"}), "OK|"},
        {MessageType::get_feature, parts({"6"}), "2|"},
    };
    for (const auto& c : cases) {
        CAPTURE(static_cast<int>(c.type), shown(c.payload));
        CHECK(tool.ask(c.type, c.payload) == c.reply);
    }
    CHECK(guest.ask(MessageType::get_feature, "") == "15|");
    CHECK(guest.ask(MessageType::get_feature, parts({"5"})) == "!EACCES");
    CHECK(guest.ask(MessageType::set_feature, parts({"6", "2"})) == "!EACCES");
}

TEST_CASE("the ring page says what the domain may use, and its next one begins anew") {
    Lab lab;
    auto plain = domain_with(lab, 5, "2");
    CHECK(offered(plain) == 2);
    CHECK(plain.ask(MessageType::get_feature, "") == "2|");
    auto full = lab.domain(6);
    CHECK(offered(full) == 15);
    lab.kill(5);
    auto next = lab.domain(5);
    CHECK(offered(next) == 15);
}

TEST_CASE("a watch with a depth reports that many levels, relative ones too") {
    Lab lab;
    auto tool = lab.socket();
    auto guest = lab.domain(5);
    tool.mkdir("/local/domain/5");
    tool.set_perms("/local/domain/5", "b5");
    CHECK(watch(guest, "d", "0", "0") == "OK|");
    CHECK(watch(guest, "d", "1", "1") == "OK|");
    CHECK(guest.watch("d", "all") == "OK|");
    CHECK(watch(guest, "d", "1", "2") == "!EEXIST");  // path and token name it
    CHECK(watch(guest, "d", "-", "-1") == "!EINVAL");
    guest.take_events();
    guest.write("d", "x");
    CHECK(guest.take_events() == Events{"d|0|", "d|1|", "d|all|"});
    guest.write("d/a", "x");
    CHECK(guest.take_events() == Events{"d/a|1|", "d/a|all|"});
    guest.write("d/a/b", "x");
    CHECK(guest.take_events() == Events{"d/a/b|all|"});
    guest.rm("d");
    CHECK(guest.take_events() == Events{"d|0|", "d|1|", "d|all|"});
    CHECK(guest.unwatch("d", "1") == "OK|");
}

TEST_CASE("without the bit a third argument is EINVAL, as in C 4.17") {
    Lab lab;
    auto plain = domain_with(lab, 5, "2");
    CHECK(watch(plain, "/a", "t", "0") == "!EINVAL");
    CHECK(plain.watch("/a", "t") == "OK|");
}

TEST_CASE("a special watch with a depth, or of one domain, is told which domain it was") {
    Lab lab;
    auto tool = lab.socket();
    watch(tool, "@introduceDomain", "i", "1");
    watch(tool, "@releaseDomain", "1", "1");
    watch(tool, "@releaseDomain", "0", "0");  // C reports nothing there
    tool.watch("@releaseDomain", "plain");
    tool.watch("@releaseDomain/5", "five");
    tool.watch("@releaseDomain/6", "six");
    tool.take_events();
    auto five = lab.domain(5);
    CHECK(tool.take_events() == Events{"@introduceDomain/5|i|"});
    lab.server.domain_shut_down(5);
    CHECK(tool.take_events() ==
          Events{"@releaseDomain/5|1|", "@releaseDomain/5|five|", "@releaseDomain|plain|"});
    lab.kill(5);
    CHECK(tool.take_events() ==
          Events{"@releaseDomain|plain|", "@releaseDomain/5|1|", "@releaseDomain/5|five|"});
}

TEST_CASE("shutdowns that are seen together are one plain event") {
    Lab lab;
    auto tool = lab.socket();
    for (const xs::DomainId id : std::initializer_list<xs::DomainId>{5, 6, 7})
        lab.domain(id);
    tool.watch("@releaseDomain", "t");
    watch(tool, "@releaseDomain", "1", "1");
    tool.take_events();
    for (const xs::DomainId id : std::initializer_list<xs::DomainId>{5, 6, 7})
        lab.server.domain_shut_down(id);
    CHECK(tool.take_events() == Events{"@releaseDomain/5|1|", "@releaseDomain/6|1|",
                                       "@releaseDomain/7|1|", "@releaseDomain|t|"});
}

TEST_CASE("a domain without the bit may watch any special name, and hears of none that names") {
    Lab lab;
    auto tool = lab.socket();
    auto plain = domain_with(lab, 5, "2");
    auto full = lab.domain(6);
    tool.set_perms("@releaseDomain", "r0");
    for (Client* client : {static_cast<Client*>(&plain), static_cast<Client*>(&full)}) {
        CHECK(client->watch("@releaseDomain/7", "t") == "OK|");
        client->take_events();
    }
    lab.domain(7);
    lab.kill(7);
    CHECK(plain.take_events().empty());
    CHECK(full.take_events() == Events{"@releaseDomain/7|t|"});
}

TEST_CASE("an entry for every domain counts if its writer has the bit, and is listed anyhow") {
    Lab lab;
    auto tool = lab.socket();
    auto plain = domain_with(lab, 5, "6");
    auto full = lab.domain(6);
    for (const char* path : {"/of-tool", "/local/domain/5", "/local/domain/6"}) {
        tool.mkdir(path);
    }
    tool.set_perms("/local/domain/5", "n5");
    tool.set_perms("/local/domain/6", "n6");
    CHECK(tool.set_perms("/of-tool", "n0 r32757") == "OK|");
    CHECK(plain.set_perms("/local/domain/5", "n5 r32757") == "OK|");
    CHECK(full.set_perms("/local/domain/6", "n6 r32757") == "OK|");
    CHECK(tool.perms("/local/domain/5") == "n5|r32757|");
    CHECK(tool.perms("/local/domain/6") == "n6|r32757|");
    auto other = lab.domain(7);
    CHECK(other.read("/of-tool") == "");
    CHECK(other.read("/local/domain/6") == "");
    CHECK(other.read("/local/domain/5") == "!EACCES");  // as in C 4.17, where it is nobody
    CHECK(other.write("/of-tool", "x") == "!EACCES");
    CHECK(tool.set_perms("/of-tool", "n32757") == "!ENOENT");  // nobody to own it
    // the first entry that fits decides
    tool.set_perms("/of-tool", "n0 n7 r32757");
    CHECK(other.read("/of-tool") == "!EACCES");
    CHECK(plain.read("/of-tool") == "");
}
