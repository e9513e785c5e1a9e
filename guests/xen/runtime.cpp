// What hosted libstdc++ headers, used without exceptions, still ask of a runtime: memory, and an
// end for what would have been thrown (reference: bits/functexcept.h).
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <new>

#include "xen/heap.hpp"
#include "xen/panic.hpp"

using stemma::xen::heap;
using stemma::xen::panic;

void* operator new(std::size_t size) {
    return heap().allocate(size, alignof(std::max_align_t));
}
void* operator new[](std::size_t size) {
    return operator new(size);
}
void* operator new(std::size_t size, std::align_val_t alignment) {
    return heap().allocate(size, static_cast<std::size_t>(alignment));
}
void* operator new[](std::size_t size, std::align_val_t alignment) {
    return operator new(size, alignment);
}
void operator delete(void* block) noexcept {
    heap().release(block);
}
void operator delete[](void* block) noexcept {
    heap().release(block);
}
void operator delete(void* block, std::size_t) noexcept {
    heap().release(block);
}
void operator delete[](void* block, std::size_t) noexcept {
    heap().release(block);
}
void operator delete(void* block, std::align_val_t) noexcept {
    heap().release(block);
}
void operator delete[](void* block, std::align_val_t) noexcept {
    heap().release(block);
}
void operator delete(void* block, std::size_t, std::align_val_t) noexcept {
    heap().release(block);
}
void operator delete[](void* block, std::size_t, std::align_val_t) noexcept {
    heap().release(block);
}

extern "C" {
[[noreturn]] void abort() noexcept {
    panic("abort");
}
[[noreturn]] void __cxa_pure_virtual() {
    panic("a pure virtual function was called");
}
void* calloc(std::size_t count, std::size_t size) {
    std::size_t whole = 0;
    if (__builtin_mul_overflow(count, size, &whole)) panic("out of memory");
    void* const block = heap().allocate(whole, alignof(std::max_align_t));
    std::memset(block, 0, whole);
    return block;
}
void free(void* block) {
    heap().release(block);
}
// One thread, as std::string's and others' reference counts want to know.
char __libc_single_threaded = 1;
void* __dso_handle = nullptr;
}

namespace std {
void __throw_bad_alloc() {
    panic("std::bad_alloc");
}
void __throw_bad_array_new_length() {
    panic("std::bad_array_new_length");
}
void __throw_bad_function_call() {
    panic("std::bad_function_call");
}
void __throw_length_error(const char* what) {
    panic(what);
}
void __throw_logic_error(const char* what) {
    panic(what);
}
void __throw_out_of_range(const char* what) {
    panic(what);
}
void __throw_out_of_range_fmt(const char* what, ...) {
    panic(what);
}
void __throw_invalid_argument(const char* what) {
    panic(what);
}
}  // namespace std
