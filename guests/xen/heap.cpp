#include "xen/heap.hpp"

#include <bit>

#include "xen/panic.hpp"

namespace stemma::xen {

namespace {

constexpr std::size_t unit = 16;

// Before each block: what release() must know.
struct Header {
    std::uint64_t begin;  // of the piece that was taken, header and gap for alignment included
    std::uint64_t size_class;
};

}  // namespace

// Classes 0 to 3 are 1 to 4 units; from there on each doubling has four.
std::size_t Heap::class_of(std::size_t size) {
    const std::size_t units = size == 0 ? 1 : (size + unit - 1) / unit;
    if (units <= 4) return units - 1;
    const auto doubling = static_cast<std::size_t>(std::bit_width(units - 1)) - 1;  // units > 2^d
    const std::size_t step = (std::size_t{1} << doubling) / 4;
    const std::size_t over = units - (std::size_t{1} << doubling);
    return (doubling - 1) * 4 + (over + step - 1) / step - 1;
}

std::size_t Heap::class_size(std::size_t index) {
    if (index < 4) return (index + 1) * unit;
    const std::size_t doubling = index / 4 + 1;
    const std::size_t step = (std::size_t{1} << doubling) / 4;
    return ((std::size_t{1} << doubling) + (index % 4 + 1) * step) * unit;
}

void Heap::give(std::uint64_t begin, std::uint64_t end) {
    next_ = begin;
    end_ = end;
}

void* Heap::allocate(std::size_t size, std::size_t alignment) {
    const std::size_t padding = alignment > unit ? alignment : 0;
    if (size > end_) panic("out of memory");
    const std::size_t index = class_of(size + padding);
    if (index >= classes) panic("out of memory");
    std::uint64_t begin = 0;
    if (Free* const found = free_[index]; found != nullptr) {
        free_[index] = found->next;
        begin = reinterpret_cast<std::uint64_t>(found);
    } else {
        const std::size_t whole = class_size(index) + sizeof(Header);
        if (whole > bytes_left()) panic("out of memory");
        begin = next_;
        next_ += whole;
    }
    std::uint64_t block = begin + sizeof(Header);
    if (padding != 0) block = (block + alignment - 1) & ~(std::uint64_t{alignment} - 1);
    *reinterpret_cast<Header*>(block - sizeof(Header)) = {begin, index};
    return reinterpret_cast<void*>(block);
}

void Heap::release(void* block) {
    if (block == nullptr) return;
    const Header header =
        *reinterpret_cast<Header*>(reinterpret_cast<std::uint64_t>(block) - sizeof(Header));
    if (header.size_class >= classes) panic("the heap is damaged");
    auto* const freed = reinterpret_cast<Free*>(header.begin);
    freed->next = free_[header.size_class];
    free_[header.size_class] = freed;
}

Heap& heap() {
    static constinit Heap the_heap;
    return the_heap;
}

}  // namespace stemma::xen
