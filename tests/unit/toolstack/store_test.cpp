#include "toolstack/store.hpp"

#include <catch2/catch.hpp>

#include "fake_store.hpp"

namespace stemma::toolstack {

TEST_CASE("a missing node is nothing to find, an error to read, and no error to remove") {
    FakeStore store;
    CHECK(store.find("/a").value() == std::nullopt);
    REQUIRE(!store.read("/a"));
    CHECK(store.read("/a").error().is(xs::Error::enoent));
    CHECK(store.remove("/a/b/c"));
    CHECK(store.list("/a") == std::vector<std::string>());
    CHECK(store.write("/a/b", std::string("x\0y", 3)));
    CHECK(store.find("/a/b").value() == std::string("x\0y", 3));
}

TEST_CASE("a directory too long for one reply is read in parts") {
    FakeStore store;
    std::vector<std::string> names;
    for (int i = 100; i < 400; ++i) {
        names.push_back("n" + std::to_string(i));
        store.set("/d/" + names.back(), "");
    }
    for (const std::size_t limit : {64u, 5u, 1500u, 1499u, 1501u}) {
        store.directory_limit = limit;
        CHECK(store.list("/d") == names);
    }
}

TEST_CASE("a directory that changes between two parts is read from the start again") {
    FakeStore store;
    for (int i = 0; i < 100; ++i)
        store.set("/d/n" + std::to_string(100 + i), "");
    store.directory_limit = 64;
    int parts = 0;
    store.fault = [&](const std::string& request) -> std::optional<xs::Error> {
        if (request.starts_with("directory-part") && ++parts == 3) store.set("/d/a", "");
        return std::nullopt;
    };
    const auto names = store.list("/d");
    REQUIRE(names);
    CHECK(names->size() == 101);
    CHECK(names->front() == "a");
}

TEST_CASE("a transaction is tried again after EAGAIN, at its end or within") {
    FakeStore store;
    int runs = 0;
    store.fault = [&](const std::string& request) -> std::optional<xs::Error> {
        if (request == "end T" && runs < 3) return xs::Error::eagain;
        return std::nullopt;
    };
    CHECK(store.transact([&](TransactionId transaction) {
        ++runs;
        return store.write("/a", std::to_string(runs), transaction);
    }));
    CHECK(runs == 3);
    CHECK(store.value("/a") == "3");
}

TEST_CASE("a transaction whose body fails is aborted with the body's error") {
    FakeStore store;
    const auto result = store.transact([&](TransactionId transaction) -> StoreResult<void> {
        if (auto written = store.write("/a", "1", transaction); !written) return written;
        return std::unexpected(StoreError{"think", "/a", xs::Error::eperm});
    });
    REQUIRE(!result);
    CHECK(result.error().operation == "think");
    CHECK(store.requests.back() == "end F");
    CHECK(!store.has_below("/a"));
}

TEST_CASE("a transaction that always conflicts ends with EAGAIN") {
    FakeStore store;
    int runs = 0;
    store.fault = [&](const std::string& request) -> std::optional<xs::Error> {
        if (request == "end T") return xs::Error::eagain;
        return std::nullopt;
    };
    const auto result = store.transact([&](TransactionId transaction) {
        ++runs;
        return store.write("/a", "1", transaction);
    });
    REQUIRE(!result);
    CHECK(result.error().is(xs::Error::eagain));
    CHECK(runs == 100);
}

TEST_CASE("a control command's reply loses the NUL of the wire") {
    FakeStore store;
    store.on_control = [](const std::vector<std::string>& words) -> StoreResult<std::string> {
        CHECK(words == std::vector<std::string>{"snapshot", "x"});
        return std::string("abc\0", 4);
    };
    CHECK(store.control({"snapshot", "x"}) == std::string("abc"));
}

TEST_CASE("an error of the connection is unavailable, one of the store is failed") {
    CHECK(StoreError{"read", "/a", {}, "gone"}.error().kind == ErrorKind::unavailable);
    const Error error = StoreError{"read", "/a", xs::Error::enoent, ""}.error();
    CHECK(error.kind == ErrorKind::failed);
    CHECK(to_string(error) == "cannot read in XenStore /a: ENOENT (there is no such node)");
}

}  // namespace stemma::toolstack
