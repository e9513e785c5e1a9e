#include "xen/heap.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstring>
#include <memory>
#include <random>
#include <stdexcept>
#include <vector>

#include "xen/panic.hpp"

// The image's panic does not return; here it throws, so that a test can see it.
namespace stemma::xen {
void panic_at(const Fault& fault) {
    throw std::runtime_error(fault.name);
}
void panic(const char* why) {
    throw std::runtime_error(why);
}
}  // namespace stemma::xen

using stemma::xen::Heap;

namespace {

struct Memory {
    explicit Memory(std::size_t its_size)
        : size(its_size), bytes(std::make_unique<std::byte[]>(size + 4096)) {
        const auto begin =
            (reinterpret_cast<std::uint64_t>(bytes.get()) + 4095) & ~std::uint64_t{4095};
        heap.give(begin, begin + size);
    }
    std::size_t size;
    std::unique_ptr<std::byte[]> bytes;
    Heap heap;
};

}  // namespace

TEST_CASE("a size class holds its sizes, and wastes at most a quarter of what was asked") {
    for (std::size_t size = 1; size < 300'000; ++size) {
        const std::size_t index = Heap::class_of(size);
        const bool smallest = index == 0 || Heap::class_size(index - 1) < size;
        const bool spare = size <= 64 || Heap::class_size(index) * 4 <= size * 5 + 64;
        if (Heap::class_size(index) < size || !smallest || !spare) FAIL("size " << size);
    }
    for (const std::size_t size : {std::size_t{1} << 20, (std::size_t{1} << 24) + 1}) {
        CHECK(Heap::class_size(Heap::class_of(size)) >= size);
        CHECK(Heap::class_size(Heap::class_of(size)) < size + size / 4 + 16);
    }
}

TEST_CASE("blocks do not overlap, are aligned, and keep what was written into them") {
    Memory memory(8 << 20);
    struct Block {
        unsigned char* bytes;
        std::size_t size;
        unsigned char fill;
    };
    std::vector<Block> live;
    std::mt19937 random(7);
    for (int step = 0; step < 20'000; ++step) {
        if (live.size() > 200 || (!live.empty() && random() % 3 == 0)) {
            const std::size_t at = random() % live.size();
            const Block block = live[at];
            REQUIRE(std::all_of(block.bytes, block.bytes + block.size,
                                [&](unsigned char byte) { return byte == block.fill; }));
            memory.heap.release(block.bytes);
            live[at] = live.back();
            live.pop_back();
            continue;
        }
        const std::size_t size = random() % (random() % 10 == 0 ? 20'000 : 300);
        const std::size_t alignment = std::size_t{16} << (random() % 4 == 0 ? random() % 6 : 0);
        auto* const bytes = static_cast<unsigned char*>(memory.heap.allocate(size, alignment));
        REQUIRE(reinterpret_cast<std::uint64_t>(bytes) % alignment == 0);
        const auto fill = static_cast<unsigned char>(random());
        std::memset(bytes, fill, size);
        live.push_back({bytes, size, fill});
    }
    CHECK(memory.heap.bytes_left() > 0);
}

TEST_CASE("a freed block serves the next request of its class") {
    Memory memory(1 << 16);
    for (int i = 0; i < 100'000; ++i)
        memory.heap.release(memory.heap.allocate(1000, 16));
    CHECK(memory.heap.bytes_left() > (1 << 16) - 2000);
}

TEST_CASE("what cannot be had is a panic, and takes nothing") {
    Memory memory(1 << 16);
    const auto left = memory.heap.bytes_left();
    CHECK_THROWS_WITH(memory.heap.allocate(1 << 17, 16), "out of memory");
    CHECK_THROWS_WITH(memory.heap.allocate(SIZE_MAX, 16), "out of memory");
    CHECK_THROWS_WITH(memory.heap.allocate(SIZE_MAX - 8, 16), "out of memory");
    CHECK(memory.heap.bytes_left() == left);
    memory.heap.release(nullptr);
}
