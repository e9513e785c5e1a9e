// Remembers on a node under which object id a publisher has written it, so that a node which did
// not change is never hashed again.
//
// The first publisher that writes a node claims the mark; only that publisher's thread reads or
// writes the rest, so nothing here needs a lock. Another publisher (a second repository, in tests)
// finds it claimed and does without.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

namespace stemma::store {

using ObjectId = std::array<std::uint8_t, 20>;  // SHA-1, as git has it

class StoredForm {
  public:
    // True if `publisher` may use the mark, claiming it if nobody has.
    bool claim(std::uint32_t publisher) {
        std::uint32_t owner = 0;
        return owner_.compare_exchange_strong(owner, publisher, std::memory_order_acq_rel) ||
               owner == publisher;
    }
    bool is_claimed() const { return owner_.load(std::memory_order_acquire) != 0; }
    bool claimed_by(std::uint32_t publisher) const {
        return owner_.load(std::memory_order_acquire) == publisher;
    }

    // Only for the publisher that claimed it.
    std::uint32_t round = 0;  // in which it was written (ObjectWriter::begin_round); 0: never
    bool is_tree = false;
    std::uint8_t variant = 0;  // what the form depends on besides the node: object_writer.hpp
    ObjectId id{};

  private:
    std::atomic<std::uint32_t> owner_{0};
};

}  // namespace stemma::store
