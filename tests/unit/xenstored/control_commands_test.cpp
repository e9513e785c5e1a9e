#include "xenstored/control_commands.hpp"

#include <poll.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "harness.hpp"
#include "store/history.hpp"
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
          states(*publisher),
          history(*publisher, states),
          reader(directory.file("store.git")) {}

    TemporaryDirectory directory;
    std::unique_ptr<store::Publisher> publisher;
    GuestStates states;
    PublishedHistory history;
    Reader reader;
    ControlCommands::Archive parts() { return {*publisher, reader, states}; }
};

struct ControlLab : Lab {
    explicit ControlLab(Archived* archived = nullptr)
        : Lab({}, archived ? &archived->history : nullptr),
          archive(archived),
          commands(server, archived ? std::optional(archived->parts()) : std::nullopt) {}

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

TEST_CASE("wrong commands and arguments are EINVAL, without history it is ENOSYS") {
    ControlLab lab;
    for (const char* words : {"", "nonsense", "blame", "blame a b", "check x", "blame relative",
                              "dump /a. x", "dump /a /b", "stats x"})
        CHECK(lab.control(words) == "!EINVAL");
    for (const char* words :
         {"snapshot a", "publish", "revert a", "save-guest 5 a", "saved-state a /b"})
        CHECK(lab.control(words) == "!ENOSYS");
    CHECK(lab.tool.ask(MessageType::control, ""s) == "!EINVAL");
    CHECK(lab.control("blame /none") == "!ENOENT");
    CHECK(lab.control("dump /none") == "!ENOENT");
    CHECK(lab.control("check") == "OK");
    CHECK(lab.control("help").find("snapshot\t<name>\n") != std::string::npos);
}

TEST_CASE("stock commands answer as C 4.17 does") {
    ControlLab lab;
    lab.make(5);
    lab.tool.write("/g", "1");
    lab.tool.set_perms("/g", "n5");
    const std::string quotas =
        "Quota settings:\n"
        "nodes            :     1000 Nodes per domain\n"
        "watches          :      128 Watches per domain\n"
        "transactions     :       10 Transactions per domain\n"
        "outstanding      :       20 Outstanding requests per domain\n"
        "transaction-nodes:     1024 Max. number of accessed nodes per transaction\n"
        "memory           :  2621440 Total Xenstore memory per domain (error level)\n"
        "node-size        :     2048 Max. size of a node\n"
        "path-max         :     2048 Max. length of a node path\n"
        "permissions      :        5 Max. number of permissions per node\n";
    const std::string of_domain0 =
        "Domain 0:\n"
        "nodes           :        3\n"
        "watches         :        0\n"
        "transactions    :        0\n"
        "outstanding     :        0\n"
        "memory          :      134\n";  // C: 132, and "g" with its NUL
    const struct {
        const char* words;
        std::string answer;
    } cases[] = {
        {"check", "OK"},
        {"check x", "!EINVAL"},
        {"log", "!EINVAL"},
        {"log on", "OK"},
        {"log off", "OK"},
        {"log x", "!EINVAL"},
        {"log on off", "!EINVAL"},
        {"log +io", "OK"},
        {"log -x", "!EINVAL"},
        {"print", "!EINVAL"},
        {"print a b", "!EINVAL"},
        {"print hello", "OK"},
        {"help x", "!EINVAL"},
        {"logfile", "!EINVAL"},
        {"memreport", "!EINVAL"},
        {"memreport a b", "!EINVAL"},
        {"quota", quotas},
        {"quota-soft",
         "Quota settings:\n"
         "memory           :  2097152 Total Xenstore memory per domain (warning level)\n"},
        {"quota 0", of_domain0},
        {"quota x", of_domain0},
        {"quota 5",
         "Domain 5:\n"
         "nodes           :        1\n"
         "watches         :        0\n"
         "transactions    :        0\n"
         "outstanding     :        0\n"
         "memory          :       35\n"},
        {"quota 9", "!ENOENT"},
        {"quota 5 6", "!EINVAL"},
        {"quota set", "!EINVAL"},
        {"quota set nodes", "!EINVAL"},
        {"quota set nodes 0", "!EINVAL"},
        {"quota set nodes -1", "!EINVAL"},
        {"quota set nonsense 5", "!EINVAL"},
        {"quota set nodes 5 6", "!EINVAL"},
        {"quota-soft 5", "!EINVAL"},
        {"quota-soft set nodes 5", "!EINVAL"},
        {"quota-soft set memory 6", "OK"},
        {"quota set permissions 7", "OK"},
        {"quota set nodes 5", "OK"},
    };
    for (const auto& c : cases) {
        CAPTURE(c.words);
        CHECK(lab.control(c.words) == c.answer);
    }
    const Limits& limits = lab.server.domains().limits_of(lab.server.domains().find(5)->ref);
    CHECK(limits.nodes == 5);
    CHECK(limits.permissions == 7);
    CHECK(limits.memory_soft == 6);
    CHECK(
        lab.control("help").starts_with("check\t\n"
                                        "log\ton|off"));
}

TEST_CASE("logfile moves the trace, and memreport writes to it or beside it") {
    TemporaryDirectory directory;
    ControlLab lab;
    const std::string trace = directory.file("trace");
    CHECK(lab.control("logfile " + directory.file("none/such")) == "OK");  // C says so, too
    CHECK(lab.control("logfile " + trace) == "OK");
    CHECK(lab.control("memreport") == "OK");
    CHECK(lab.control("print seen") == "OK");
    CHECK(lab.control("log off") == "OK");
    lab.tool.write("/not-traced", "1");
    CHECK(lab.control("memreport " + directory.file("report")) == "OK");
    CHECK(lab.control("memreport " + directory.file("none/such")) == "!EINVAL");
    std::ifstream file(trace);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    CHECK(text.find("\ndomain 0: ") != std::string::npos);
    CHECK(text.find("\ncontrol: seen\n") != std::string::npos);
    CHECK(text.find("CONTROL (print seen )") != std::string::npos);
    CHECK(text.find("not-traced") == std::string::npos);
    CHECK(std::filesystem::file_size(directory.file("report")) > 50);
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

TEST_CASE("the last network state of a guest is had in the form it is started with") {
    Archived archive;
    ControlLab lab(&archive);
    const auto file = archive.directory.file("state");
    const auto state_of = [&](const std::string& name) {
        std::ofstream(file).close();
        std::string said = lab.control("saved-state " + name + ' ' + file);
        if (said.starts_with('!')) return said;
        std::ifstream in(file);
        std::string bytes(std::istreambuf_iterator<char>(in), {});
        CHECK(said == std::to_string(bytes.size()));
        return bytes;
    };
    const auto save = [&](const std::string& value) {
        lab.tool.write("/local/domain/5/data/net/arp/0/10-0-0-1", value);
        CHECK(is_commit(lab.control("save-guest 5 nat.1")));
    };
    lab.domain(5);
    CHECK(state_of("nat.1") == "!ENOENT");
    lab.tool.write("/local/domain/5/data/net/nat", "has a value");
    lab.tool.write("/local/domain/5/data/net/nat/udp", "");
    save("02:00 9");
    const std::string saved = "\x03\0\x0b\0nathas a value"s + "\x07\0\0\0nat/udp"s +
                              "\x0e\0\x07\0arp/0/10-0-0-1"s + "02:00 9"s;
    CHECK(state_of("nat") == "!ENOENT");
    CHECK(state_of("nat.1") == saved);

    SECTION("the newest, though it is not on disk yet") {
        lab.tool.write("/local/domain/5/name", "nat.1");
        lab.tool.write("/libxl/5/stemma/kept", "1");
        lab.tool.write("/local/domain/5/data/net/nat", "has another");
        lab.tool.rm("/local/domain/5");
        CHECK(state_of("nat.1").find("has another") != std::string::npos);
        CHECK(is_commit(lab.control("publish")));
        CHECK(archive.states.unpublished("nat.1") == nullptr);
        CHECK(state_of("nat.1").find("has another") != std::string::npos);
    }
    SECTION("in a file that is there, empty and none of the others") {
        CHECK(lab.control("saved-state nat.1 " + file + ".none") == "!EIO");
        CHECK(lab.control("saved-state nat.1 " + file) == "!EEXIST");
        CHECK(lab.control("saved-state nat.1 /dev/null") == "!EIO");
        CHECK(lab.control("saved-state nat.1") == "!EINVAL");
    }
}

TEST_CASE("what a guest's network state was when its home goes is kept, whoever removes it") {
    Archived archive;
    ControlLab lab(&archive);
    const auto make = [&](const std::string& id, const std::string& name) {
        lab.tool.write("/local/domain/" + id + "/name", name);
        lab.tool.write("/local/domain/" + id + "/data/net/arp/0/10-0-0-1", "02:00 " + id);
    };
    const auto kept_of = [&](const std::string& name) -> std::string {
        CHECK(is_commit(lab.control("publish")));
        auto history = store::History::open(archive.directory.file("store.git"));
        REQUIRE(history);
        const auto tree = history->read("refs/guests/" + name);
        if (!tree) return "none";
        const auto* const node = tree->find("/arp/0/10-0-0-1");
        return node == nullptr ? "other" : std::string(node->value());
    };
    make("5", "nat.1");
    lab.tool.write("/libxl/5/stemma/kept", "1");
    lab.tool.rm("/local/domain/5/data");  // the operator's own doing, or the guest's
    CHECK(kept_of("nat_2e1") == "none");
    make("5", "nat.1");

    SECTION("as xl destroy does") {
        lab.tool.rm("/local/domain/5");
        lab.tool.rm("/libxl/5");
        CHECK(kept_of("nat_2e1") == "02:00 5");
    }
    SECTION("as stemma destroy does") {
        const auto id = lab.tool.start();
        lab.tool.rm("/libxl/5", id);
        lab.tool.rm("/local/domain/5", id);
        lab.tool.commit(id);
        CHECK(kept_of("nat_2e1") == "02:00 5");
    }
    SECTION("but not of one that was never kept, nor with a path that names no domain") {
        make("6", "other");
        lab.tool.rm("/local/domain/6");
        CHECK(kept_of("other") == "none");
        make("05", "odd");
        lab.tool.rm("/local/domain/05");
        CHECK(kept_of("odd") == "none");
        make("7x", "odd");
        lab.tool.rm("/local/domain/7x");
        CHECK(kept_of("odd") == "none");
    }
    SECTION("nor of one without a name") {
        lab.tool.rm("/local/domain/5/name");
        lab.tool.rm("/local/domain/5");
        CHECK(kept_of("nat_2e1") == "none");
    }
}
