#include "rt/saved_state.hpp"

#include <catch2/catch.hpp>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "xs_wire/path.hpp"

using namespace stemma::rt;

namespace {
std::vector<std::pair<std::string, std::string>> read_all(std::span<const std::uint8_t> bytes,
                                                          bool& truncated, std::size_t& skipped) {
    SavedStateReader reader(bytes);
    std::vector<std::pair<std::string, std::string>> entries;
    while (const auto entry = reader.next())
        entries.emplace_back(entry->path, entry->value);
    truncated = reader.truncated();
    skipped = reader.skipped();
    return entries;
}
}  // namespace

TEST_CASE("what was written is read back, in order and with any bytes in the values") {
    std::vector<std::uint8_t> bytes;
    REQUIRE(append_saved_entry(bytes, {"nat/udp/a", std::string_view("x\0y", 3)}));
    REQUIRE(append_saved_entry(bytes, {"arp/0/10-0-0-1", ""}));
    CHECK(bytes[0] == 9);
    CHECK(bytes[2] == 3);
    bool truncated = true;
    std::size_t skipped = 1;
    const auto entries = read_all(bytes, truncated, skipped);
    REQUIRE(entries.size() == 2);
    CHECK(entries[0] == std::pair<std::string, std::string>("nat/udp/a", std::string("x\0y", 3)));
    CHECK(entries[1].first == "arp/0/10-0-0-1");
    CHECK_FALSE(truncated);
    CHECK(skipped == 0);
}

TEST_CASE("an entry over 65,535 bytes is not written") {
    std::vector<std::uint8_t> bytes;
    CHECK_FALSE(append_saved_entry(bytes, {"a", std::string(65536, 'v')}));
    CHECK(bytes.empty());
}

TEST_CASE("an entry whose path is none is skipped, the next is read") {
    std::vector<std::uint8_t> bytes;
    for (const auto path : {"", "/absolute", "double//slash", "end/", "dot.dot", "nat/ok"})
        REQUIRE(append_saved_entry(bytes, {path, "v"}));
    bool truncated = true;
    std::size_t skipped = 0;
    const auto entries = read_all(bytes, truncated, skipped);
    REQUIRE(entries.size() == 1);
    CHECK(entries[0].first == "nat/ok");
    CHECK(skipped == 5);
}

TEST_CASE("a state cut anywhere gives its whole entries and says that it was cut") {
    std::vector<std::uint8_t> bytes;
    std::vector<std::size_t> ends{0};
    for (const auto path : {"a", "b/c", "d"}) {
        REQUIRE(append_saved_entry(bytes, {path, "value"}));
        ends.push_back(bytes.size());
    }
    for (std::size_t size = 0; size <= bytes.size(); ++size) {
        bool truncated = false;
        std::size_t skipped = 0;
        const auto entries = read_all(std::span(bytes).first(size), truncated, skipped);
        const auto whole = static_cast<std::size_t>(
            std::upper_bound(ends.begin(), ends.end(), size) - ends.begin() - 1);
        CHECK(entries.size() == whole);
        CHECK(truncated == (size != ends[whole]));
    }
}

TEST_CASE("random bytes are read to their end and give well-formed paths only") {
    std::mt19937 random(3);
    for (int round = 0; round < 500; ++round) {
        std::vector<std::uint8_t> bytes(random() % 200);
        for (auto& byte : bytes)
            byte = static_cast<std::uint8_t>(random() % 3 == 0 ? random() : random() % 8);
        SavedStateReader reader(bytes);
        while (const auto entry = reader.next())
            REQUIRE(stemma::xs::is_relative_path(entry->path));
        CHECK_FALSE(reader.next());
    }
}
