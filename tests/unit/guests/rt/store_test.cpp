#include "rt/store.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "fake_store.hpp"

using namespace stemma::rt;

TEST_CASE("names are taken off a DIRECTORY reply until it ends or is cut") {
    std::string_view names("one\0two\0cut", 11);
    CHECK(next_name(names) == "one");
    CHECK(next_name(names) == "two");
    CHECK_FALSE(next_name(names));
}

TEST_CASE("a DIRECTORY_PART reply tells its generation, its names and whether they are the last") {
    struct Case {
        std::string_view payload;
        bool parsed, last;
        std::string_view names;
    };
    const Case cases[] = {
        {std::string_view("5\0a\0b\0", 6), true, false, std::string_view("a\0b\0", 4)},
        {std::string_view("5\0a\0b\0\0", 7), true, true, std::string_view("a\0b\0", 4)},
        {std::string_view("5\0\0", 3), true, true, ""},
        {std::string_view("5\0", 2), true, false, ""},
        {"5", false, false, ""},
        {std::string_view("\0a\0", 3), false, false, ""},
        {"", false, false, ""},
    };
    for (const auto& c : cases) {
        const auto part = DirectoryPart::parse(c.payload);
        REQUIRE(part.has_value() == c.parsed);
        if (!part) continue;
        CHECK(part->last == c.last);
        CHECK(part->names == c.names);
    }
}

TEST_CASE("a long directory is read whole by parts") {
    FakeStore store;
    for (int i = 0; i < 900; ++i)
        store.set("dir/child" + std::to_string(i), "");
    bool too_big = false;
    store.directory("dir", [&](StoreResult result) {
        too_big = !result && result.error().is(stemma::xs::Error::e2big);
    });
    store.run();
    CHECK(too_big);
    std::vector<std::string> names;
    std::size_t offset = 0;
    bool last = false;
    while (!last) {
        REQUIRE(store.directory_part("dir", offset, [&](StoreResult result) {
            REQUIRE(result);
            auto part = DirectoryPart::parse(*result);
            REQUIRE(part);
            offset += part->names.size();
            last = part->last;
            while (const auto name = next_name(part->names))
                names.emplace_back(*name);
        }));
        store.run();
    }
    CHECK(names == store.children("dir"));
}

TEST_CASE("the number of a transaction that makes no sense is an error, not a transaction") {
    FakeStore store;
    std::optional<StoreError> error;
    store.fail_next(stemma::xs::MessageType::transaction_start, stemma::xs::Error::ebusy);
    store.start([&](auto transaction) { error = transaction.error(); });
    store.run();
    REQUIRE(error);
    CHECK(error->is(stemma::xs::Error::ebusy));
}
