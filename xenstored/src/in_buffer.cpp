#include "xenstored/in_buffer.hpp"

#include <algorithm>
#include <cstring>

namespace stemma::xenstored {

std::span<std::byte> InBuffer::room() {
    if (!bytes_) {
        bytes_ = std::make_unique_for_overwrite<std::byte[]>(capacity);
        size_ = capacity;
    }
    if (begin_ == end_) begin_ = end_ = 0;
    if (begin_ > 0 && size_ - end_ < xs::message_max) {
        std::memmove(bytes_.get(), bytes_.get() + begin_, end_ - begin_);
        end_ -= begin_;
        begin_ = 0;
    }
    return {bytes_.get() + end_, size_ - end_};
}

void InBuffer::put_back(std::span<const std::byte> bytes) {
    size_ = std::max(capacity, bytes.size() + xs::message_max);
    bytes_ = std::make_unique_for_overwrite<std::byte[]>(size_);
    std::ranges::copy(bytes, bytes_.get());
    begin_ = 0;
    end_ = bytes.size();
}

std::expected<std::optional<InBuffer::Request>, InBuffer::TooLong> InBuffer::next() {
    const auto waiting = unread();
    if (waiting.size() < xs::Header::size) return std::nullopt;
    const auto header = xs::Header::read(waiting.first<xs::Header::size>());
    if (header.length > xs::payload_max) return std::unexpected(TooLong{header.length});
    const std::size_t whole = xs::Header::size + header.length;
    if (waiting.size() < whole) return std::nullopt;
    begin_ += whole;
    return Request{header, waiting.subspan(xs::Header::size, header.length)};
}

bool InBuffer::next_is(xs::MessageType type) const {
    const auto waiting = unread();
    return waiting.size() >= xs::Header::size &&
           xs::Header::read(waiting.first<xs::Header::size>()).type == type;
}

bool InBuffer::ready() const {
    const auto waiting = unread();
    if (waiting.size() < xs::Header::size) return false;
    const auto header = xs::Header::read(waiting.first<xs::Header::size>());
    return header.length > xs::payload_max || waiting.size() >= xs::Header::size + header.length;
}

}  // namespace stemma::xenstored
