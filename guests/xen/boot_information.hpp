#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace stemma::xen {

// What the domain's builder left in memory (xen/arch-x86/hvm/start_info.h); nothing here moves.
struct BootInformation {
    std::string_view command_line;
    // The first module that is no seed: the guest's last network state.
    std::span<const std::uint8_t> module;
    // Of the module with the command line "seed": unpredictable bytes from `stemma`, to be used
    // once.
    std::span<std::uint8_t> seed;
    // Memory that nobody else uses.
    std::uint64_t free_begin = 0;
    std::uint64_t free_end = 0;

    // `start_info` is what PVH entry found in %ebx. Nothing for another magic number, or no memory
    // map.
    static std::optional<BootInformation> read(std::uint32_t start_info);
};

}  // namespace stemma::xen
