// Transactions as branches: what commits, what conflicts, and what a client sees in between.
#include "xenstored/transaction.hpp"

#include <catch2/catch.hpp>

#include "harness.hpp"

using namespace stemma;
using namespace stemma::xenstored;
using namespace stemma::xenstored::test;
using namespace std::string_literals;

namespace {

struct TransactionLab : Lab {
    using Lab::Lab;
    SocketClient inside = socket();   // has the transaction
    SocketClient outside = socket();  // does something else meanwhile
};

}  // namespace

TEST_CASE("a transaction sees its own writes, others see none before the commit") {
    TransactionLab lab;
    lab.outside.write("/a", "old");
    const auto id = lab.inside.start();
    CHECK(lab.inside.write("/a", "new", id) == "OK|");
    CHECK(lab.inside.mkdir("/b", id) == "OK|");
    CHECK(lab.inside.read("/a", id) == "new");
    CHECK(lab.inside.read("/a") == "old");
    CHECK(lab.outside.read("/a") == "old");
    CHECK(lab.outside.list("/") == "tool|a|");
    CHECK(lab.inside.commit(id) == "OK|");
    CHECK(lab.outside.read("/a") == "new");
    CHECK(lab.outside.list("/") == "tool|a|b|");
    CHECK(lab.inside.read("/a", id) == "!ENOENT");  // the transaction's id is gone
}

TEST_CASE("an aborted transaction leaves nothing") {
    TransactionLab lab;
    const auto id = lab.inside.start();
    lab.inside.write("/a", "1", id);
    CHECK(lab.inside.abort(id) == "OK|");
    CHECK(lab.outside.read("/a") == "!ENOENT");
    CHECK(lab.inside.commit(id) == "!ENOENT");
    CHECK(lab.history.entries.empty());
}

TEST_CASE("start and end say EBUSY, ENOENT, EINVAL where C does") {
    TransactionLab lab;
    auto& client = lab.inside;
    const auto id = client.start();
    CHECK(id == 1);
    CHECK(client.ask(MessageType::transaction_start, "\0"s, id) == "!EBUSY");
    CHECK(client.ask(MessageType::transaction_start, "\0"s, 99) == "!ENOENT");
    CHECK(client.ask(MessageType::transaction_end, "T\0"s, 0) == "!ENOENT");
    CHECK(client.ask(MessageType::transaction_end, "T\0"s, 99) == "!ENOENT");
    CHECK(client.ask(MessageType::transaction_end, "X\0"s, id) == "!EINVAL");
    CHECK(client.ask(MessageType::transaction_end, "T"s, id) == "!EINVAL");
    CHECK(client.ask(MessageType::transaction_end, "T\0"s, id) == "OK|");
    CHECK(client.read("/", 7) == "!ENOENT");
    CHECK(lab.outside.read("/", id) == "!ENOENT");  // ids are each connection's own
    CHECK(client.ask(MessageType::watch, "/a\0t\0"s, 99) == "OK|");  // XSA-115
    CHECK(client.ask(MessageType::unwatch, "/a\0t\0"s, 99) == "OK|");
    CHECK(client.ask(MessageType::get_domain_path, "5\0"s, 99) == "!ENOENT");
}

TEST_CASE("what one transaction does and another client does meanwhile decides its end") {
    using Step = void (*)(Client&, std::uint32_t);
    const auto nothing = [](Client&, std::uint32_t) {};
    const auto write_b = [](Client& c, std::uint32_t t) { c.write("/d/b", "from inside", t); };
    const struct {
        const char* what;
        Step before;   // outside, before the transaction touches the tree
        Step in;       // inside
        Step between;  // outside, meanwhile
        Step then;     // inside again
        const char* end;
    } cases[] = {
        // the six cases that C and oxenstored answer differently
        {"a write before the first touch is simply seen",
         [](Client& c, std::uint32_t) { c.write("/d/x", "new"); },
         [](Client& c, std::uint32_t t) { CHECK(c.read("/d/x", t) == "new"); }, nothing, write_b,
         "OK|"},
        {"a read-only transaction commits", nothing,
         [](Client& c, std::uint32_t t) { c.read("/d/x", t); },
         [](Client& c, std::uint32_t) { c.write("/d/x", "changed"); }, nothing, "OK|"},
        {"changed and changed back is unchanged", nothing,
         [](Client& c, std::uint32_t t) { c.read("/d/x", t); },
         [](Client& c, std::uint32_t) {
             c.write("/d/x", "other");
             c.write("/d/x", "x");
         },
         write_b, "OK|"},
        {"a blind write below what was removed conflicts", nothing,
         [](Client& c, std::uint32_t t) { c.write("/d/sub/new", "1", t); },
         [](Client& c, std::uint32_t) { c.rm("/d/sub"); }, nothing, "!EAGAIN"},
        {"a removal of what grew conflicts", nothing,
         [](Client& c, std::uint32_t t) { c.rm("/d/sub", t); },
         [](Client& c, std::uint32_t) { c.write("/d/sub/grown", "1"); }, nothing, "!EAGAIN"},
        {"of two blind writes the later commit wins", nothing,
         [](Client& c, std::uint32_t t) { c.write("/d/x", "inside", t); },
         [](Client& c, std::uint32_t) { c.write("/d/x", "outside"); }, nothing, "OK|"},
        // the rest
        {"siblings commute", nothing, [](Client& c, std::uint32_t t) { c.write("/d/s1", "1", t); },
         [](Client& c, std::uint32_t) { c.write("/d/s2", "2"); }, nothing, "OK|"},
        {"a sibling probed for and not made commutes", nothing,
         [](Client& c, std::uint32_t t) { CHECK(c.read("/d/none", t) == "!ENOENT"); },
         [](Client& c, std::uint32_t) { c.write("/d/s2", "2"); }, write_b, "OK|"},
        {"both make the same directory", nothing,
         [](Client& c, std::uint32_t t) { c.mkdir("/d/same", t); },
         [](Client& c, std::uint32_t) { c.mkdir("/d/same"); }, nothing, "OK|"},
        {"a value read and changed conflicts", nothing,
         [](Client& c, std::uint32_t t) { c.read("/d/x", t); },
         [](Client& c, std::uint32_t) { c.write("/d/x", "changed"); }, write_b, "!EAGAIN"},
        {"a list read and changed conflicts", nothing,
         [](Client& c, std::uint32_t t) { c.list("/d", t); },
         [](Client& c, std::uint32_t) { c.mkdir("/d/more"); }, write_b, "!EAGAIN"},
        {"a list read in parts and changed conflicts", nothing,
         [](Client& c, std::uint32_t t) {
             c.ask(MessageType::directory_part,
                   "/d\0"
                   "0\0"s,
                   t);
         },
         [](Client& c, std::uint32_t) { c.mkdir("/d/more"); }, write_b, "!EAGAIN"},
        {"a list changed and changed back is unchanged", nothing,
         [](Client& c, std::uint32_t t) {
             c.list("/d", t);
             c.ask(MessageType::directory_part,
                   "/d\0"
                   "0\0"s,
                   t);
         },
         [](Client& c, std::uint32_t) {
             c.mkdir("/d/more");
             c.rm("/d/more");
         },
         write_b, "OK|"},
        {"what was absent and read appears", nothing,
         [](Client& c, std::uint32_t t) { c.read("/d/none", t); },
         [](Client& c, std::uint32_t) { c.write("/d/none", "here"); }, write_b, "!EAGAIN"},
        {"permissions read and changed conflict", nothing,
         [](Client& c, std::uint32_t t) { c.perms("/d/x", t); },
         [](Client& c, std::uint32_t) { c.set_perms("/d/x", "r0"); }, write_b, "!EAGAIN"},
        {"a node written to was removed", nothing,
         [](Client& c, std::uint32_t t) { c.write("/d/x", "inside", t); },
         [](Client& c, std::uint32_t) { c.rm("/d/x"); }, nothing, "!EAGAIN"},
        {"mkdir relied on a node that is gone", nothing,
         [](Client& c, std::uint32_t t) { c.mkdir("/d/sub", t); },
         [](Client& c, std::uint32_t) { c.rm("/d/sub"); }, write_b, "!EAGAIN"},
        {"a removal of nothing, where now something is", nothing,
         [](Client& c, std::uint32_t t) { c.rm("/d/none", t); },
         [](Client& c, std::uint32_t) { c.write("/d/none", "1"); }, write_b, "!EAGAIN"},
        {"a removal of a subtree in which a value changed", nothing,
         [](Client& c, std::uint32_t t) { c.rm("/d/sub", t); },
         [](Client& c, std::uint32_t) { c.write("/d/sub/one", "changed"); }, nothing, "OK|"},
        {"permissions set on what was removed", nothing,
         [](Client& c, std::uint32_t t) { c.set_perms("/d/x", "r0", t); },
         [](Client& c, std::uint32_t) { c.rm("/d/x"); }, nothing, "!EAGAIN"},
        {"something else entirely", nothing, write_b,
         [](Client& c, std::uint32_t) { c.write("/elsewhere", "1"); }, nothing, "OK|"},
    };
    for (const auto& c : cases) {
        CAPTURE(c.what);
        TransactionLab lab;
        for (const char* path : {"/d/x", "/d/sub/one"})
            lab.outside.write(path, "x");
        const auto id = lab.inside.start();
        c.before(lab.outside, 0);
        c.in(lab.inside, id);
        c.between(lab.outside, 0);
        c.then(lab.inside, id);
        CHECK(lab.inside.commit(id) == c.end);
        CHECK(lab.consistent());
    }
}

TEST_CASE("the later of two blind writes is what stays") {
    TransactionLab lab;
    lab.outside.write("/x", "0");
    const auto id = lab.inside.start();
    lab.inside.write("/x", "inside", id);
    lab.outside.write("/x", "outside");
    CHECK(lab.inside.commit(id) == "OK|");
    CHECK(lab.outside.read("/x") == "inside");
}

TEST_CASE("two transactions that make different children of one directory both commit") {
    TransactionLab lab;
    lab.outside.mkdir("/d");
    const auto one = lab.inside.start();
    const auto two = lab.outside.start();
    lab.inside.write("/d/one/state", "1", one);
    lab.outside.write("/d/two/state", "2", two);
    CHECK(lab.outside.commit(two) == "OK|");
    CHECK(lab.inside.commit(one) == "OK|");
    CHECK(lab.inside.list("/d") == "two|one|");
    CHECK(lab.history.entries.size() == 3);  // mkdir, and one for each commit
}

TEST_CASE("a write lost its permission before the commit") {
    Lab lab;
    auto tool = lab.socket();
    auto guest = lab.domain(5);
    tool.write("/shared", "0");
    tool.set_perms("/shared", "w0");
    const auto id = guest.start();
    CHECK(guest.write("/shared", "guest", id) == "OK|");
    tool.set_perms("/shared", "r0");
    CHECK(guest.commit(id) == "!EAGAIN");
    CHECK(tool.read("/shared") == "0");
}

TEST_CASE("permissions set for a domain do not pass to the next of its id") {
    TransactionLab lab;
    lab.make(5);
    lab.outside.write("/x", "0");
    const auto id = lab.inside.start();
    CHECK(lab.inside.set_perms("/x", "n0 r5", id) == "OK|");
    lab.kill(5);
    auto next = lab.domain(5);
    CHECK(lab.inside.commit(id) == "!EAGAIN");
    CHECK(next.read("/x") == "!EACCES");
}

TEST_CASE("nodes made for a domain that died meanwhile are not made") {
    TransactionLab lab;
    lab.make(5);
    lab.outside.mkdir("/x");
    const auto id = lab.inside.start();
    lab.inside.mkdir("/x/theirs", id);
    CHECK(lab.inside.set_perms("/x/theirs", "n5", id) == "OK|");
    lab.kill(5);
    CHECK(lab.inside.commit(id) == "!EAGAIN");
    CHECK(lab.consistent());
}

TEST_CASE("quotas of transactions") {
    Server::Settings settings;
    settings.limits.nodes = 10;
    settings.limits.transaction_nodes = 20;
    settings.limits.transactions = 2;
    Lab lab(settings);
    auto tool = lab.socket();
    auto guest = lab.domain(5);
    tool.mkdir("/g");
    tool.set_perms("/g", "b5");

    SECTION("as many open as the quota and one more, as in C") {
        CHECK(guest.start() != 0);
        CHECK(guest.start() != 0);
        CHECK(guest.start() != 0);
        CHECK(guest.ask(MessageType::transaction_start, "\0"s) == "!ENOSPC");
        for (int i = 0; i < 50; ++i)
            CHECK(tool.start() != 0);
    }
    SECTION("nodes are counted at the commit") {
        const auto id = guest.start();
        for (int i = 0; i < 9; ++i)
            CHECK(guest.mkdir("/g/" + std::to_string(i), id) == "OK|");
        CHECK(guest.commit(id) == "!ENOSPC");
        CHECK(tool.list("/g") == "");
    }
    SECTION("... on the merged tree") {
        const auto id = guest.start();
        for (int i = 0; i < 4; ++i)
            CHECK(guest.mkdir("/g/" + std::to_string(i), id) == "OK|");
        for (int i = 4; i < 9; ++i)
            CHECK(guest.mkdir("/g/" + std::to_string(i)) == "OK|");
        CHECK(guest.commit(id) == "!ENOSPC");
    }
    SECTION("one that was to make a node may not leave more than the quota, as in C") {
        for (int i = 0; i < 14; ++i) {
            tool.mkdir("/g/" + std::to_string(i));
            tool.set_perms("/g/" + std::to_string(i), "n5");
        }
        auto id = guest.start();
        CHECK(guest.mkdir("/g/more", id) == "!ENOSPC");
        CHECK(guest.rm("/g/0", id) == "OK|");
        CHECK(guest.commit(id) == "!ENOSPC");
        id = guest.start();
        CHECK(guest.rm("/g/0", id) == "OK|");
        CHECK(guest.commit(id) == "OK|");
    }
    SECTION("a removal that would touch too many nodes is EIO, as in C, and breaks it") {
        for (int i = 0; i < 30; ++i)
            tool.mkdir("/g/all/" + std::to_string(i));
        tool.set_perms("/g/all", "b5");
        const auto id = guest.start();
        CHECK(guest.rm("/g/all", id) == "!EIO");
        CHECK(guest.commit(id) == "!ENOMEM");
        CHECK(tool.list("/g") == "all|");
    }
    SECTION("touching too many nodes breaks it") {
        const auto id = guest.start();
        std::string last;
        for (int i = 0; i < 30 && !last.starts_with('!'); ++i)
            last = guest.write("/g", std::to_string(i), id),
            last = guest.read("/g/" + std::to_string(i), id) == "!ENOSPC" ? "!" : "";
        CHECK(last == "!");
        CHECK(guest.commit(id) == "!ENOMEM");
    }
    SECTION("a write that is too large breaks it") {
        const auto id = guest.start();
        CHECK(guest.write("/g/big", std::string(3000, 'x'), id) == "!ENOSPC");
        CHECK(guest.commit(id) == "!ENOMEM");
    }
    SECTION("requests without end break it before they fill the memory") {
        settings.limits.memory = 64 * 1024;
        lab.server.domains().set_limit(*find_quota("memory"), 64 * 1024);
        const auto id = guest.start();
        for (int i = 0; i < 2000; ++i)
            guest.read("/g", id);
        CHECK(guest.commit(id) == "!ENOMEM");
    }
    CHECK(lab.consistent());
}
