#pragma once

#include <cstdint>
#include <string_view>

namespace stemma::toolstack {

// FNV-1a, 64 bits (draft-eastlake-fnv): the same on every machine and in every build, which is all
// that generated addresses and zone serials ask of it.
constexpr std::uint64_t fnv_hash(std::string_view text) {
    std::uint64_t hash = 0xcbf29ce484222325;
    for (const char c : text) {
        hash ^= static_cast<unsigned char>(c);
        hash *= 0x100000001b3;
    }
    return hash;
}

}  // namespace stemma::toolstack
