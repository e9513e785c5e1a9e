#include "xenstored/ring_transport.hpp"

namespace stemma::xenstored {

namespace {

constexpr std::uint32_t word(auto value) {
    return static_cast<std::uint32_t>(value);
}

}  // namespace

RingTransport::RingTransport(std::unique_ptr<DomainChannel> channel, std::uint32_t features,
                             Begin begin, const std::optional<RingIndexes>& left_at)
    : channel_(std::move(channel)), ring_(channel_->page(), xs::RingEnd::Side::server) {
    ring_.set_word(xs::ring_page::server_features, features);
    if (begin == Begin::again) {
        begins_anew_ = left_at && left_at->anew;
        if (left_at && !begins_anew_) {
            ring_.resume(left_at->request_consumer, left_at->reply_producer);
        }
        channel_->notify();
        return;
    }
    ring_.set_word(xs::ring_page::error, word(xs::RingError::none));
    begins_anew_ = begin == Begin::empty || wants_restart();
    // Domain 0's kernel waits for this before it looks for devices.
    if (!begins_anew_) channel_->notify();
}

std::expected<std::size_t, Transport::End> RingTransport::read(std::span<std::byte> room) {
    if (begins_anew_) return 0;
    const auto count = ring_.take(room);
    if (!count) return std::unexpected(End::bad_ring);
    if (*count > 0) moved_ = true;
    return *count;
}

std::expected<std::size_t, Transport::End> RingTransport::write(
    std::span<const std::span<const std::byte>> parts) {
    if (begins_anew_) return 0;
    std::size_t total = 0;
    for (const auto part : parts) {
        const auto count = ring_.put(part);
        if (!count) return std::unexpected(End::bad_ring);
        if (*count > 0) moved_ = true;
        total += *count;
        if (*count < part.size()) break;
    }
    return total;
}

std::optional<RingIndexes> RingTransport::indexes() const {
    if (begins_anew_) return RingIndexes{0, 0, true};
    return RingIndexes{ring_.consumed(), ring_.produced(), false};
}

void RingTransport::publish() {
    if (begins_anew_) {
        ring_.reset();
        begins_anew_ = false;
        moved_ = false;
        if (!wants_restart()) return;
        ring_.set_word(xs::ring_page::error, word(xs::RingError::none));
        ring_.set_word(xs::ring_page::connection, word(xs::RingConnection::connected));
        channel_->notify();
    } else if (moved_) {
        ring_.publish();
    }
}

void RingTransport::finish_turn() {
    if (moved_) channel_->notify();
    moved_ = false;
}

bool RingTransport::has_input() const {
    return !begins_anew_ &&
           ring_.bytes_waiting() != 0u;  // a lying index is to be found out as well
}

bool RingTransport::wants_restart() {
    return ring_.word(xs::ring_page::connection) == word(xs::RingConnection::reconnect);
}

void RingTransport::restart() {
    begins_anew_ = true;
}

void RingTransport::report(xs::RingError error) {
    ring_.set_word(xs::ring_page::error, word(error));
    channel_->notify();
    channel_->mute();
}

}  // namespace stemma::xenstored
