#include "xen/page_tables.hpp"

#include <cstddef>
#include <cstdint>

#include "xen/image_layout.hpp"

namespace stemma::xen {

namespace {

// Intel SDM volume 3A, 4.5: entries of 4-level paging.
constexpr std::uint64_t present = 1;
constexpr std::uint64_t writable = 2;
constexpr std::uint64_t large = 1 << 7;
constexpr std::uint64_t no_execute = std::uint64_t{1} << 63;

constexpr std::uint64_t page_size = 4096;
constexpr std::uint64_t large_size = 2 * 1024 * 1024;
constexpr std::size_t entries = 512;
constexpr std::size_t fine_tables = 2;  // 4 KiB pages below 4 MiB, where the image lies

struct alignas(page_size) Table {
    std::uint64_t entry[entries];
};

Table root;
Table pointers;
Table directories[4];
Table fine[fine_tables];

std::uint64_t at(const void* place) {
    return reinterpret_cast<std::uint64_t>(place);
}

std::uint64_t rights_of(std::uint64_t page) {
    if (page == 0 || page == at(stack_guard)) return 0;
    if (page < at(image_start) || page >= at(data_start)) return present | writable | no_execute;
    if (page >= at(rodata_start)) return present | no_execute;
    return present;
}

}  // namespace

void protect_memory() {
    for (std::size_t i = 0; i < fine_tables * entries; ++i) {
        const std::uint64_t page = i * page_size;
        fine[i / entries].entry[i % entries] = page | rights_of(page);
    }
    for (std::size_t i = 0; i < 4 * entries; ++i) {
        directories[i / entries].entry[i % entries] =
            i < fine_tables ? at(&fine[i]) | present | writable
                            : i * large_size | present | writable | large | no_execute;
    }
    for (std::size_t i = 0; i < 4; ++i)
        pointers.entry[i] = at(&directories[i]) | present | writable;
    root.entry[0] = at(&pointers) | present | writable;
    asm volatile("mov %0, %%cr3" : : "r"(&root) : "memory");
}

}  // namespace stemma::xen
