// The heap of the image, and one of its own that it may use up.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "xen/fault_trap.hpp"
#include "xen/heap.hpp"
#include "xen/hypercall.hpp"
#include "xen/self_test.hpp"

namespace stemma::xen {

namespace {

constexpr std::size_t territory = 64 * 1024;
constexpr std::size_t block_size = 48;  // with its header, 64
constexpr std::size_t blocks = territory / 64;

// Static because an action that faults cannot hand anything out of it.
struct Block {
    Block* next;
    std::uint64_t number;
    unsigned char rest[block_size - 16];
};
Heap small;
Block* taken = nullptr;
std::uint64_t count = 0;

void take_one() {
    auto* const block = static_cast<Block*>(small.allocate(block_size, 16));
    std::memset(block->rest, static_cast<int>(count & 0xff), sizeof block->rest);
    block->next = taken;
    block->number = count++;
    taken = block;
}

void take_all() {
    for (;;)
        take_one();
}

// Whether each block still holds what was written into it.
bool are_whole() {
    std::uint64_t number = count;
    for (const Block* block = taken; block != nullptr; block = block->next) {
        if (block->number != --number) return false;
        for (const unsigned char byte : block->rest)
            if (byte != (number & 0xff)) return false;
    }
    return number == 0;
}

void release_all() {
    while (taken != nullptr) {
        Block* const block = taken;
        taken = block->next;
        small.release(block);
    }
    count = 0;
}

bool is_out_of_memory(const std::optional<CaughtFault>& caught) {
    return caught && caught->fault.name == std::string_view("out of memory");
}

bool aligns() {
    bool good = true;
    for (std::size_t alignment = 1; alignment <= 4096; alignment *= 2) {
        void* const block = heap().allocate(100, alignment);
        std::memset(block, 0xff, 100);
        good = good && address(block) % alignment == 0 && address(block) % 16 == 0;
        heap().release(block);
    }
    struct alignas(256) Wide {
        char bytes[256];
    };
    return good && address(std::make_unique<Wide>().get()) % 256 == 0;
}

// What libstdc++ does with operator new.
bool serves_containers() {
    std::vector<std::string> texts;
    for (std::size_t i = 0; i < 200; ++i)
        texts.push_back(std::to_string(i) + ": longer than a string holds in place");
    std::size_t good = 0;
    for (const std::string& text : texts)
        good += text.starts_with(std::to_string(good) + ":");
    return good == 200;
}

}  // namespace

void check_heap(self_test::CheckList& checks) {
    const auto memory = std::make_unique<std::byte[]>(territory);
    small.give(address(memory.get()), address(memory.get()) + territory);
    const bool exhausted = is_out_of_memory(fault_of(take_all));
    checks.check("the heap gives all its memory, then panics", exhausted && count == blocks);
    checks.check("its blocks do not overlap", are_whole());
    release_all();
    checks.check("what was freed is given again",
                 is_out_of_memory(fault_of(take_all)) && count == blocks && are_whole());
    checks.check("blocks are aligned as asked", aligns());
    checks.check("containers work on it", serves_containers());
}

}  // namespace stemma::xen
