#include "xenstored/control_commands.hpp"

#include <poll.h>

#include <catch2/catch.hpp>

#include "harness.hpp"
#include "temporary_directory.hpp"
#include "xenstored/published_history.hpp"

using namespace stemma;
using namespace stemma::xenstored;
using namespace stemma::xenstored::test;
using namespace std::string_literals;

namespace {

// A server whose history is published into a repository of its own.
struct Archived {
    Archived()
        : publisher(*store::Publisher::open({.repository = directory.file("store.git"),
                                             .interval = std::chrono::milliseconds(1)})),
          history(*publisher),
          reader(directory.file("store.git")) {}

    TemporaryDirectory directory;
    std::unique_ptr<store::Publisher> publisher;
    PublishedHistory history;
    Reader reader;
};

struct ControlLab : Lab {
    explicit ControlLab(Archived* archived = nullptr)
        : Lab({}, archived ? &archived->history : nullptr),
          archive(archived),
          commands(server, archived ? archived->publisher.get() : nullptr,
                   archived ? &archived->reader : nullptr) {}

    // Sends a command and waits for its answer, if that takes its time.
    std::string control(std::string words) {
        std::ranges::replace(words, ' ', '\0');
        tool.send(encoded(MessageType::control, words + '\0', 0));
        serve(tool);
        while (tool.received.empty() && archive != nullptr) {
            pollfd fds[] = {{archive->publisher->completion_fd(), POLLIN, 0},
                            {archive->reader.completion_fd(), POLLIN, 0}};
            REQUIRE(::poll(fds, 2, 60'000) > 0);
            commands.take_completions();
            settle();
            tool.receive();
        }
        if (tool.received.empty()) return "nothing";
        const Message message = tool.received.front();
        tool.received.erase(tool.received.begin());
        std::string text = message.payload.substr(0, message.payload.size() - 1);
        return message.header.type == MessageType::error ? "!" + text : text;
    }

    Archived* archive;
    ControlCommands commands;
    SocketClient tool = socket();
};

bool is_commit(const std::string& text) {
    return text.size() == 40 && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

}  // namespace

TEST_CASE("wrong commands and arguments are EINVAL; without history it is ENOSYS") {
    ControlLab lab;
    for (const char* words : {"", "nonsense", "blame", "blame a b", "check x", "blame relative",
                              "dump /a. x", "dump /a /b", "stats x"})
        CHECK(lab.control(words) == "!EINVAL");
    for (const char* words : {"snapshot a", "publish", "revert a", "save-guest 5 a"})
        CHECK(lab.control(words) == "!ENOSYS");
    CHECK(lab.tool.ask(MessageType::control, ""s) == "!EINVAL");
    CHECK(lab.control("blame /none") == "!ENOENT");
    CHECK(lab.control("dump /none") == "!ENOENT");
    CHECK(lab.control("check") == "OK");
    CHECK(lab.control("help").find("snapshot\t<name>\n") != std::string::npos);
}

TEST_CASE("blame says who last changed a node, when and how") {
    ControlLab lab;
    auto guest = lab.domain(5);
    lab.tool.mkdir("/g");
    lab.tool.set_perms("/g", "n5");
    CHECK(lab.control("blame /g") == "0 2023-11-14T22:13:20Z set-permissions");
    guest.write("/g/x", "1");
    CHECK(lab.control("blame /g/x") == "5 2023-11-14T22:13:20Z write");
}

TEST_CASE("stats and dump answer in lines") {
    ControlLab lab;
    lab.tool.write("/d/x", "1");
    CHECK(lab.control("stats").find("\nwatches 0\n") != std::string::npos);
    CHECK(lab.control("dump /d") == "\n/d\tn0\t\n/d/x\tn0\t1\n");
    CHECK(lab.control("dump /d /d") == "\n/d/x\tn0\t1\n");
    for (int i = 0; i < 300; ++i)
        lab.tool.mkdir("/d/a-child-" + std::to_string(i));
    const std::string part = lab.control("dump /d");
    CHECK(part.size() > 3000);
    CHECK(part.starts_with("/d/a-child-"));
}

TEST_CASE("snapshot, revert and publish answer when it is done") {
    Archived archive;
    ControlLab lab(&archive);
    auto watcher = lab.socket();
    lab.tool.write("/stemma/bridges/xenbr0/address", "10.0.0.254/24");
    CHECK(is_commit(lab.control("snapshot before.change")));
    CHECK(is_commit(lab.control("publish")));
    lab.tool.write("/stemma/bridges/xenbr0/address", "10.9.9.9/24");
    lab.tool.write("/stemma/bridges/xenbr1", "new");
    watcher.watch("/stemma", "t");
    watcher.take_events();
    CHECK(lab.control("revert before.change") == "2");
    CHECK(lab.tool.read("/stemma/bridges/xenbr0/address") == "10.0.0.254/24");
    CHECK(lab.tool.read("/stemma/bridges/xenbr1") == "!ENOENT");
    CHECK(watcher.take_events() ==
          std::vector{"/stemma/bridges/xenbr1|t|"s, "/stemma/bridges/xenbr0/address|t|"s});
    CHECK(lab.control("revert before.change") == "0");
    CHECK(lab.control("revert none") == "!ENOENT");
    CHECK(lab.control("revert before.change /tool") == "!EINVAL");
    CHECK(lab.control("revert before.change /stemma/") == "!EINVAL");
    CHECK(lab.consistent());
}

TEST_CASE("a guest's network state is saved, and merged back when it is named") {
    Archived archive;
    ControlLab lab(&archive);
    auto guest = lab.domain(5);
    const std::string entry = "/local/domain/5/data/net/arp/0/10-0-0-1";
    CHECK(lab.control("save-guest 5 nat") == "!ENOENT");
    lab.tool.write(entry, "02:00 1800000000");
    CHECK(is_commit(lab.control("save-guest 5 nat")));
    CHECK(is_commit(lab.control("snapshot one")));
    CHECK(lab.control("save-guest 0 nat") == "!EINVAL");
    CHECK(lab.control("save-guest x nat") == "!EINVAL");
    lab.tool.rm(entry);
    CHECK(lab.control("revert one /local/domain/5/data/net") == "1");
    CHECK(lab.tool.read(entry) == "02:00 1800000000");
    lab.tool.rm("/local/domain/5");
    CHECK(lab.control("revert one /local/domain/5/data/net") == "!ENOENT");
}
