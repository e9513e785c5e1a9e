#pragma once

#include <cstddef>
#include <cstdlib>
#include <type_traits>

namespace stemma::nat {

// A fixed array whose memory starts as zeros and is not touched here: where the allocator has fresh
// pages they cost nothing until used, so that a table for 64 k mappings does not delay a guest's
// start. Elements must have a sense when all their bytes are zero; their member initialisers do not
// run. Memory that is not there ends the guest, as with operator new.
template <typename T>
class ZeroedArray {
    static_assert(std::is_trivially_copyable_v<T> && std::is_trivially_destructible_v<T>);

  public:
    explicit ZeroedArray(std::size_t size)
        : elements_(static_cast<T*>(std::calloc(size, sizeof(T)))) {
        if (elements_ == nullptr) std::abort();
    }
    ZeroedArray(const ZeroedArray&) = delete;
    ZeroedArray& operator=(const ZeroedArray&) = delete;
    ~ZeroedArray() { std::free(elements_); }

    T& operator[](std::size_t index) { return elements_[index]; }
    const T& operator[](std::size_t index) const { return elements_[index]; }

  private:
    T* elements_;
};

}  // namespace stemma::nat
