// The functions that the compiler calls by itself. Built so that their loops are not taken for
// calls of themselves (CMakeLists.txt). `rep` because the processor does it in whole lines.
#include <cstddef>

extern "C" {

void* memcpy(void* __restrict to, const void* __restrict from, std::size_t size) {
    void* place = to;
    asm volatile("rep movsb" : "+D"(place), "+S"(from), "+c"(size) : : "memory");
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
    void* place = to;
    asm volatile("rep stosb" : "+D"(place), "+c"(size) : "a"(value) : "memory");
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
