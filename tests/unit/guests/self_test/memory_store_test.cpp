#include "self_test/memory_store.hpp"

#include <catch2/catch.hpp>
#include <string>

using namespace stemma;
using self_test::MemoryStore;

namespace {

// An answer as a test reads it.
struct Answer {
    std::string text = "none";
    rt::StoreHandler take() {
        return [this](rt::StoreResult result) {
            text = result ? std::string(*result) : std::string(xs::name(result.error().code));
        };
    }
};

}  // namespace

TEST_CASE("what is written is read, and no handler is called before run()") {
    MemoryStore memory;
    Answer written, read, missing;
    memory.store().write("data/a", "1", written.take());
    memory.store().read("data/a", read.take());
    memory.store().read("data/b", missing.take());
    CHECK(read.text == "none");
    CHECK(memory.run());
    CHECK_FALSE(memory.run());
    CHECK(read.text == "1");
    CHECK(missing.text == "ENOENT");
    CHECK(memory.value("data/a") == "1");
    CHECK(memory.has_below("data/"));
    CHECK_FALSE(memory.has_below("data/b"));
}

TEST_CASE("a directory names each child once, rm takes what is below") {
    MemoryStore memory;
    memory.set("d/a/x", "1");
    memory.set("d/a/y", "2");
    memory.set("d/b", "3");
    memory.set("dd", "4");
    Answer names, removed, gone;
    memory.store().directory("d", names.take());
    memory.store().rm("d", removed.take());
    memory.store().directory("d", gone.take());
    memory.run();
    CHECK(names.text == std::string("a\0b\0", 4));
    CHECK(gone.text == "ENOENT");
    CHECK(memory.value("dd") == "4");
}

TEST_CASE("a watch tells its path once, a transaction is the tree itself") {
    MemoryStore memory;
    std::string seen;
    Answer watched, written, committed;
    memory.store().watch(
        "data/command", [&](std::string_view path) { seen += path; }, watched.take());
    memory.store().start([&](std::expected<rt::Transaction, rt::StoreError> transaction) {
        REQUIRE(transaction);
        memory.store().write("data/a", "1", written.take(), *transaction);
        memory.store().commit(*transaction, committed.take());
    });
    memory.run();
    CHECK(seen == "data/command");
    CHECK(memory.value("data/a") == "1");
    CHECK(committed.text != "none");
    CHECK(memory.store().connected());
}

TEST_CASE("a request that it does not know is an error") {
    MemoryStore memory;
    Answer answer;
    memory.store().submit({xs::MessageType::get_perms, {}, "data", {}, false}, answer.take());
    memory.run();
    CHECK(answer.text == "EINVAL");
}
