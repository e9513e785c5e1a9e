// The functions that the compiler calls by itself. Built so that their loops are not taken for
// calls of themselves (CMakeLists.txt).
#include <cstddef>
#include <cstdint>

namespace {

// At any address, as a part of somebody else's object.
struct [[gnu::packed, gnu::may_alias]] Word {
    std::uint64_t bits;
};
constexpr std::size_t word = sizeof(Word);

// From here on `rep` pays: the processor then works in whole lines, after some dozens of cycles.
constexpr std::size_t long_size = 256;

}  // namespace

extern "C" {

// By words, since each is a step of its own where `rep` is not fast, as in an emulator; the last
// may overlap the one before. It is read first, since memmove() copies to overlapping places too.
void* memcpy(void* to, const void* from, std::size_t size) {
    auto* t = static_cast<char*>(to);
    const auto* f = static_cast<const char*>(from);
    if (size < word) {
        for (std::size_t i = 0; i < size; ++i)
            t[i] = f[i];
        return to;
    }
    const Word last = *reinterpret_cast<const Word*>(f + size - word);
    if (size >= long_size) {
        std::size_t words = size / word;
        void* place = to;
        asm volatile("rep movsq" : "+D"(place), "+S"(from), "+c"(words) : : "memory");
    } else {
        for (std::size_t i = 0; i + word <= size; i += word)
            *reinterpret_cast<Word*>(t + i) = *reinterpret_cast<const Word*>(f + i);
    }
    *reinterpret_cast<Word*>(t + size - word) = last;
    return to;
}

void* memmove(void* to, const void* from, std::size_t size) {
    auto* t = static_cast<char*>(to);
    const auto* f = static_cast<const char*>(from);
    if (t <= f || t >= f + size) return memcpy(to, from, size);
    while (size-- > 0)
        t[size] = f[size];
    return to;
}

void* memset(void* to, int value, std::size_t size) {
    auto* t = static_cast<char*>(to);
    const Word filled{static_cast<unsigned char>(value) * 0x0101010101010101u};
    if (size < word) {
        for (std::size_t i = 0; i < size; ++i)
            t[i] = static_cast<char>(value);
        return to;
    }
    if (size >= long_size) {
        std::size_t words = size / word;
        void* place = to;
        asm volatile("rep stosq" : "+D"(place), "+c"(words) : "a"(filled.bits) : "memory");
    } else {
        for (std::size_t i = 0; i + word <= size; i += word)
            *reinterpret_cast<Word*>(t + i) = filled;
    }
    *reinterpret_cast<Word*>(t + size - word) = filled;
    return to;
}

int memcmp(const void* a, const void* b, std::size_t size) {
    const auto* x = static_cast<const unsigned char*>(a);
    const auto* y = static_cast<const unsigned char*>(b);
    for (std::size_t i = 0; i < size; ++i)
        if (x[i] != y[i]) return x[i] < y[i] ? -1 : 1;
    return 0;
}

void* memchr(const void* in, int value, std::size_t size) {
    const auto* bytes = static_cast<const unsigned char*>(in);
    for (std::size_t i = 0; i < size; ++i)
        if (bytes[i] == static_cast<unsigned char>(value))
            return const_cast<unsigned char*>(bytes + i);
    return nullptr;
}

std::size_t strlen(const char* text) {
    std::size_t size = 0;
    while (text[size] != '\0')
        ++size;
    return size;
}
}
