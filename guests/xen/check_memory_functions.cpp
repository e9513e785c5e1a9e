// memory_functions.cpp against loops that the compiler cannot take for the same functions.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <numeric>
#include <vector>

#include "xen/self_test.hpp"

namespace stemma::xen {

namespace {

// Called through these the functions are ours and not what the compiler knows of them.
void* (*volatile const copy)(void*, const void*, std::size_t) = std::memcpy;
void* (*volatile const move)(void*, const void*, std::size_t) = std::memmove;
void* (*volatile const fill)(void*, int, std::size_t) = std::memset;
int (*volatile const compare)(const void*, const void*, std::size_t) = std::memcmp;
const void* (*volatile const find)(const void*, int, std::size_t) = std::memchr;
std::size_t (*volatile const length)(const char*) = std::strlen;

constexpr std::size_t room = 96;
using Bytes = std::array<unsigned char, room>;

Bytes counted() {
    Bytes bytes;
    std::iota(bytes.begin(), bytes.end(), static_cast<unsigned char>(1));
    return bytes;
}

// Byte `at` of the room after bytes from `from` on went to `to`.
unsigned char expected(std::size_t at, std::size_t from, std::size_t to, std::size_t size) {
    const std::size_t source = at >= to && at < to + size ? at - to + from : at;
    return static_cast<unsigned char>(source + 1);
}

template <typename Move>
bool moves(std::size_t from, std::size_t to, std::size_t size, Move function) {
    Bytes bytes = counted();
    bool good = function(&bytes[to], &bytes[from], size) == &bytes[to];
    for (std::size_t at = 0; at < room; ++at)
        good = good && bytes[at] == expected(at, from, to, size);
    return good;
}

bool copies() {
    bool good = true;
    for (std::size_t size = 0; size <= 33; ++size)
        for (std::size_t shift = 0; shift < 9; ++shift)
            good = good && moves(shift, 50 + shift / 2, size, copy) &&
                   moves(60 - shift, shift, size, copy);
    return good;
}

// Beyond the size from which the processor's own loops are used, and not of whole words.
bool copies_much() {
    constexpr std::size_t size = 5003;
    std::vector<unsigned char> from(size), to(size + 2, 7);
    std::iota(from.begin(), from.end(), static_cast<unsigned char>(3));
    copy(&to[1], from.data(), size);
    bool good =
        std::equal(from.begin(), from.end(), to.begin() + 1) && to[0] == 7 && to[size + 1] == 7;
    move(from.data(), &from[3], size - 3);
    good = good && std::equal(from.begin(), from.end() - 3, to.begin() + 4);
    fill(&to[1], 9, size);
    return good && to[0] == 7 && to[size + 1] == 7 &&
           std::count(to.begin(), to.end(), 9) == std::ptrdiff_t{size};
}

bool moves_overlapping() {
    bool good = true;
    for (std::size_t size = 0; size <= 33; ++size)
        for (std::size_t to = 0; to < 40; ++to)
            good = good && moves(20, to, size, move);
    return good;
}

bool fills() {
    bool good = true;
    for (std::size_t size = 0; size <= 33; ++size) {
        Bytes bytes = counted();
        good = good && fill(&bytes[7], 0x1a5, size) == &bytes[7];
        for (std::size_t at = 0; at < room; ++at) {
            const bool inside = at >= 7 && at < 7 + size;
            good = good && bytes[at] == (inside ? 0xa5 : at + 1);
        }
    }
    return good;
}

bool compares() {
    Bytes one = counted();
    Bytes other = one;
    bool good = compare(one.data(), other.data(), room) == 0;
    other[40] = 0xff;  // above as an unsigned byte, below as a signed one
    good = good && compare(one.data(), other.data(), room) < 0 &&
           compare(other.data(), one.data(), room) > 0;
    return good && compare(one.data(), other.data(), 40) == 0 &&
           compare(one.data(), other.data(), 0) == 0;
}

bool finds() {
    Bytes bytes = counted();
    bytes[30] = 0xfe;
    return find(bytes.data(), 0xfe, room) == &bytes[30] &&
           find(bytes.data(), 0xfe, 30) == nullptr && find(bytes.data(), 1, 1) == bytes.data() &&
           length("") == 0 && length("stemma\0more") == 6;
}

}  // namespace

void check_memory_functions(self_test::CheckList& checks) {
    checks.check("memcpy copies", copies());
    checks.check("memmove copies to overlapping places, either way", moves_overlapping());
    checks.check("memset fills", fills());
    checks.check("so they do with long pieces", copies_much());
    checks.check("memcmp compares unsigned bytes", compares());
    checks.check("memchr and strlen find", finds());
}

}  // namespace stemma::xen
