#include "xen/boot_information.hpp"

#include <algorithm>

#include "xen/hypercall.hpp"

#include <xen/arch-x86/hvm/start_info.h>

extern "C" const char image_end[];

namespace stemma::xen {

namespace {

template <typename Structure>
const Structure* at(std::uint64_t place) {
    return reinterpret_cast<const Structure*>(place);
}

bool is_called(const hvm_modlist_entry& entry, std::string_view name) {
    return entry.cmdline_paddr != 0 && at<char>(entry.cmdline_paddr) == name;
}

}  // namespace

std::optional<BootInformation> BootInformation::read(std::uint32_t start_info) {
    const auto* const info = at<hvm_start_info>(start_info);
    if (info->magic != XEN_HVM_START_MAGIC_VALUE) return std::nullopt;
    BootInformation boot;
    std::uint64_t used = std::max(address(image_end), std::uint64_t{start_info} + sizeof *info);
    if (info->cmdline_paddr != 0) {
        boot.command_line = at<char>(info->cmdline_paddr);
        used = std::max(used, info->cmdline_paddr + boot.command_line.size() + 1);
    }
    const std::span modules(at<hvm_modlist_entry>(info->modlist_paddr), info->nr_modules);
    used = std::max(used, info->modlist_paddr + modules.size_bytes());
    for (const hvm_modlist_entry& entry : modules) {
        used = std::max(used, entry.paddr + entry.size);
        if (is_called(entry, "seed"))
            boot.seed = {reinterpret_cast<std::uint8_t*>(entry.paddr), entry.size};
        else if (boot.module.empty())
            boot.module = {at<std::uint8_t>(entry.paddr), entry.size};
    }
    if (info->version < 1) return std::nullopt;
    const std::span map(at<hvm_memmap_table_entry>(info->memmap_paddr), info->memmap_entries);
    used = std::max(used, info->memmap_paddr + map.size_bytes());
    used = (used + 4095) & ~std::uint64_t{4095};
    for (const hvm_memmap_table_entry& entry : map) {
        if (entry.type != XEN_HVM_MEMMAP_TYPE_RAM) continue;
        if (used < entry.addr || used >= entry.addr + entry.size) continue;
        boot.free_begin = used;
        boot.free_end = (entry.addr + entry.size) & ~std::uint64_t{4095};
        return boot;
    }
    return std::nullopt;
}

}  // namespace stemma::xen
