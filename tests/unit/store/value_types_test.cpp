// The small values that nodes and commits are made of.
#include <catch2/catch.hpp>

#include "sha1.hpp"
#include "store/bytes.hpp"
#include "store/commit.hpp"
#include "store/counted.hpp"
#include "store/permissions.hpp"
#include "store/stamp.hpp"

using namespace stemma::store;

namespace {

struct Watched final : Counted {
    explicit Watched(int& count) : alive(count) { ++alive; }
    ~Watched() override { --alive; }
    int& alive;
};

}  // namespace

TEST_CASE("a counted object lives as long as the last reference to it") {
    int alive = 0;
    {
        Ref<const Watched> one = make_counted<Watched>(alive);
        {
            const Ref<const Watched> two = one;
            const auto three = Ref<const Watched>::share(one.get());
            CHECK(two == three);
            one = {};
            CHECK(alive == 1);
            CHECK(two->alive == 1);
        }
        CHECK(alive == 0);
        one = make_counted<Watched>(alive);
        one = make_counted<Watched>(alive);
        CHECK(alive == 1);
        const Ref<const Watched> moved = std::move(one);
        CHECK(moved.get() != nullptr);
        CHECK(alive == 1);
    }
    CHECK(alive == 0);
    CHECK_FALSE(Ref<const Watched>::share(nullptr));
}

TEST_CASE("bytes share what they hold, compare by it and keep NULs") {
    const Bytes one(std::string_view("a\0b", 3));
    const Bytes two = one;
    CHECK(two.view().data() == one.view().data());
    CHECK(two.size() == 3);
    CHECK(one == Bytes(std::string("a\0b", 3)));
    CHECK_FALSE(one == Bytes("a"));
    CHECK(Bytes() == Bytes(""));
    CHECK(Bytes("").empty());
}

TEST_CASE("permissions compare with their domains' generations, or as on disk without") {
    const Permissions one{{Access::none, 0, 1}, {Access::read, 5, 7}};
    const Permissions same{{Access::none, 0, 1}, {Access::read, 5, 7}};
    const Permissions later{{Access::none, 0, 1}, {Access::read, 5, 8}};
    const Permissions other{{Access::none, 0, 1}, {Access::both, 5, 7}};
    CHECK(one == same);
    CHECK_FALSE(one == later);
    CHECK(one.same_text(later));
    CHECK_FALSE(one.same_text(other));
    CHECK_FALSE(one.same_text({}));
    CHECK(one.text() == "n0 r5");
    CHECK(Permissions{{Access::write, 32767, 0}, {Access::both, 1, 0}}.text() == "w32767 b1");
    CHECK(Permissions().text().empty());
    CHECK(Permissions(std::span<const Permission>()).empty());
}

TEST_CASE("stamps are ordered by time first, and operations have names") {
    const Time now{std::chrono::seconds(5)};
    CHECK(Stamp{now, 9, Operation::write} <
          Stamp{now + std::chrono::microseconds(1), 0, Operation::none});
    CHECK(Stamp{now, 1, Operation::write} < Stamp{now, 2, Operation::none});
    CHECK(to_string(Operation::none) == "none");
    CHECK(to_string(Operation::set_permissions) == "set-permissions");
    CHECK(to_string(Operation::merge) == "merge");
}

TEST_CASE("a commit id is 40 digits of hex, and nothing else is one") {
    const std::string digits = "00112233445566778899aabbccddeeff01234567";
    const auto id = CommitId::from_hex(digits);
    REQUIRE(id);
    CHECK(id->hex() == digits);
    for (std::string bad :
         {"", "0011", "g0112233445566778899aabbccddeeff01234567",
          "00112233445566778899aabbccddeeff012345678", " 0112233445566778899aabbccddeeff01234567",
          "-1112233445566778899aabbccddeeff01234567"}) {
        CAPTURE(bad);
        CHECK_FALSE(CommitId::from_hex(bad));
    }
}

TEST_CASE("SHA-1 is SHA-1") {
    CHECK(to_hex(sha1("abc")) == "a9993e364706816aba3e25717850c26c9cd0d89d");
    CHECK(to_hex(sha1("")) == "da39a3ee5e6b4b0d3255bfef95601890afd80709");
}
