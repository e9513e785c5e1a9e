#pragma once

#include <cstddef>
#include <expected>
#include <memory>
#include <optional>
#include <span>

#include "xs_wire/message.hpp"

namespace stemma::xenstored {

// Turns the bytes of one client into whole requests. Takes at most `capacity` bytes, of which the
// longest message needs only a part; room() says how many more may be read.
class InBuffer {
  public:
    static constexpr std::size_t capacity = 4 * xs::message_max;

    struct Request {
        xs::Header header;
        std::span<const std::byte> payload;  // good until the next call
    };
    // A header that announces more than payload_max: the stream cannot be followed any further.
    struct TooLong {
        std::uint32_t length;
    };

    // Where the next bytes go. The buffer itself is taken from the heap at the first use, so that
    // a silent connection costs nothing.
    std::span<std::byte> room();
    void filled(std::size_t count) { end_ += count; }

    // The next whole request, if it is there.
    std::expected<std::optional<Request>, TooLong> next();

    // True if next() has something to say: a whole request or a header that is too long.
    bool ready() const;

    // Whether what next() would give is a request of this type.
    bool next_is(xs::MessageType type) const;

    void clear() { begin_ = end_ = 0; }

    // What was taken from the client and is no request yet.
    std::span<const std::byte> unread() const { return {bytes_.get() + begin_, end_ - begin_}; }
    // Makes that `bytes`, which an earlier daemon had taken: maybe more than we ever take at once.
    void put_back(std::span<const std::byte> bytes);

  private:
    std::unique_ptr<std::byte[]> bytes_;  // of `size_`, or null
    std::size_t size_ = 0;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
};

}  // namespace stemma::xenstored
