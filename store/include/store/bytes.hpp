// An immutable string of bytes that copies share: the value or the name of a node. May hold NULs.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "store/counted.hpp"

namespace stemma::store {

class Bytes {
  public:
    Bytes() = default;
    Bytes(std::string_view bytes) {  // implicit: callers hand over literals and views
        if (!bytes.empty()) buffer_ = make_counted<Buffer>(bytes);
    }
    Bytes(const char* text) : Bytes(std::string_view(text)) {}
    Bytes(const std::string& text) : Bytes(std::string_view(text)) {}

    std::string_view view() const {
        return buffer_ ? std::string_view(buffer_->bytes) : std::string_view();
    }
    std::size_t size() const { return buffer_ ? buffer_->bytes.size() : 0; }
    bool empty() const { return !buffer_; }

    bool operator==(const Bytes& other) const {
        return buffer_ == other.buffer_ || view() == other.view();
    }

  private:
    struct Buffer final : Counted {
        explicit Buffer(std::string_view from) : bytes(from) {}
        const std::string bytes;
    };
    Ref<const Buffer> buffer_;
};

}  // namespace stemma::store
