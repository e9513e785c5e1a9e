#include "directory_cache.hpp"

#include <catch2/catch.hpp>

using namespace stemma::store;

namespace {

ObjectId id(unsigned number) {
    return ObjectId{static_cast<std::uint8_t>(number), static_cast<std::uint8_t>(number >> 8)};
}

DirectoryCache::Form form(std::size_t size) {
    return {DirectoryText(std::string(size, 'x')), "child a\n"};
}

}  // namespace

TEST_CASE("the cache stays within its bound, and what was used last stays in it") {
    DirectoryCache cache(10'000);
    for (unsigned i = 0; i < 100; ++i) {
        cache.put(id(i), form(500));
        CHECK(cache.memory() <= 10'000);
        auto first = cache.take(id(0));
        REQUIRE(first);
        cache.put(id(0), std::move(*first));
    }
    CHECK(cache.take(id(99)));
    CHECK_FALSE(cache.take(id(99)));
    CHECK_FALSE(cache.take(id(50)));
    cache.put(id(200), form(20'000));  // larger than all of it
    CHECK(cache.memory() == 0);
    CHECK_FALSE(cache.take(id(200)));
}
