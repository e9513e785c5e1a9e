#include "xenstored/ring_transport.hpp"

namespace stemma::xenstored {

namespace {

constexpr std::uint32_t word(auto value) {
    return static_cast<std::uint32_t>(value);
}

}  // namespace

RingTransport::RingTransport(std::unique_ptr<DomainChannel> channel, std::uint32_t features,
                             Begin begin)
    : channel_(std::move(channel)), ring_(channel_->page(), xs::RingEnd::Side::server) {
    ring_.set_word(xs::ring_page::server_features, features);
    if (begin == Begin::again) {
        channel_->notify();
        return;
    }
    ring_.set_word(xs::ring_page::error, word(xs::RingError::none));
    if (begin == Begin::empty) ring_.reset();
    if (wants_restart()) {
        restart();
    } else if (begin == Begin::as_it_is) {
        // Domain 0's kernel waits for this before it looks for devices.
        channel_->notify();
    }
}

std::expected<std::size_t, Transport::End> RingTransport::read(std::span<std::byte> room) {
    const auto count = ring_.read(room);
    if (!count) return std::unexpected(End::bad_ring);
    if (*count > 0) moved_ = true;
    return *count;
}

std::expected<std::size_t, Transport::End> RingTransport::write(
    std::span<const std::span<const std::byte>> parts) {
    std::size_t total = 0;
    for (const auto part : parts) {
        const auto count = ring_.write(part);
        if (!count) return std::unexpected(End::bad_ring);
        if (*count > 0) moved_ = true;
        total += *count;
        if (*count < part.size()) break;
    }
    return total;
}

void RingTransport::finish_turn() {
    if (moved_) channel_->notify();
    moved_ = false;
}

bool RingTransport::has_input() const {
    return ring_.bytes_waiting() != 0u;  // a lying index is to be found out as well
}

bool RingTransport::wants_restart() {
    return ring_.word(xs::ring_page::connection) == word(xs::RingConnection::reconnect);
}

void RingTransport::restart() {
    ring_.reset();
    ring_.set_word(xs::ring_page::error, word(xs::RingError::none));
    ring_.set_word(xs::ring_page::connection, word(xs::RingConnection::connected));
    channel_->notify();
    moved_ = false;
}

void RingTransport::report(xs::RingError error) {
    ring_.set_word(xs::ring_page::error, word(error));
    channel_->notify();
    channel_->mute();
}

}  // namespace stemma::xenstored
