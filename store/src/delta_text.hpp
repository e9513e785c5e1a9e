// Instructions that make one object from another, as a pack holds them (gitformat-pack(5),
// "Deltified representation"): the two sizes, then copies from the old object and inserts of new
// bytes.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace stemma::store {

class DeltaText {
  public:
    DeltaText(std::size_t old_size, std::size_t new_size);

    void copy(std::size_t offset, std::size_t size);
    void insert(std::string_view bytes);

    std::string take() { return std::move(text_); }

  private:
    std::string text_;
};

// For objects that differ in one place: copies what they have in common at both ends.
std::string delta_between(std::string_view before, std::string_view after);

}  // namespace stemma::store
