#pragma once

#include <cstddef>
#include <cstdint>

namespace stemma::xen {

// The memory behind operator new: blocks by size class, four classes for each doubling; a freed
// block serves its own class again and is never joined with others. A guest allocates its tables at
// the start and little after, so what is lost that way stays small. Out of memory is a panic.
class Heap {
  public:
    void give(std::uint64_t begin, std::uint64_t end);
    void* allocate(std::size_t size, std::size_t alignment);
    void release(void* block);
    std::uint64_t bytes_left() const { return end_ - next_; }

    // Sizes are rounded up to their class: 16, 32, 48, 64, 80, 96, 112, 128, 160, 192 ... Shown for
    // tests.
    static std::size_t class_of(std::size_t size);
    static std::size_t class_size(std::size_t index);

  private:
    static constexpr std::size_t classes = 128;
    struct Free {
        Free* next;
    };

    std::uint64_t next_ = 0;
    std::uint64_t end_ = 0;
    Free* free_[classes] = {};
};

Heap& heap();

}  // namespace stemma::xen
