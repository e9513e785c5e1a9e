#include "net/byte_ring.hpp"

#include <catch2/catch.hpp>
#include <deque>
#include <random>

using stemma::net::ByteRing;

TEST_CASE("a byte ring equals a queue under any appends, peeks and drops") {
    std::mt19937 random(1);
    for (const std::size_t capacity : std::initializer_list<std::size_t>{1, 2, 7, 64}) {
        ByteRing ring(capacity);
        std::deque<std::uint8_t> model;
        for (int step = 0; step < 5000; ++step) {
            if (random() % 2 == 0) {
                std::vector<std::uint8_t> bytes(random() % (capacity + 3));
                for (auto& byte : bytes)
                    byte = static_cast<std::uint8_t>(random());
                const auto taken = ring.append(bytes);
                REQUIRE(taken == std::min(bytes.size(), capacity - model.size()));
                model.insert(model.end(), bytes.begin(),
                             bytes.begin() + static_cast<std::ptrdiff_t>(taken));
            } else {
                const auto count = random() % (model.size() + 1);
                ring.consume(count);
                model.erase(model.begin(), model.begin() + static_cast<std::ptrdiff_t>(count));
            }
            REQUIRE(ring.size() == model.size());
            REQUIRE(ring.room() == capacity - model.size());
            const auto offset = random() % (model.size() + 1);
            const auto count = random() % (model.size() - offset + 1);
            std::vector<std::uint8_t> seen;
            for (const auto piece : ring.peek(offset, count))
                seen.insert(seen.end(), piece.begin(), piece.end());
            const auto first = model.begin() + static_cast<std::ptrdiff_t>(offset);
            REQUIRE(std::equal(seen.begin(), seen.end(), first,
                               first + static_cast<std::ptrdiff_t>(count)));
        }
    }
}
