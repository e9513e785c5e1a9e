#include "probe/stream_task.hpp"

#include <algorithm>
#include <array>

#include "probe/stream_pattern.hpp"

namespace stemma::probe {

namespace {

constexpr auto send_interval = rt::Duration::milliseconds(10);
constexpr auto connect_interval = rt::Duration::seconds(1);
constexpr auto line_interval = rt::Duration::seconds(1);

std::string_view name_of(StreamTask::State state) {
    switch (state) {
        case StreamTask::State::idle:
            return "idle";
        case StreamTask::State::connecting:
            return "connecting";
        case StreamTask::State::established:
            return "established";
        case StreamTask::State::broken:
            return "broken";
    }
    return "";
}

std::string_view name_of(net::TcpConnection::Failure failure) {
    using Failure = net::TcpConnection::Failure;
    switch (failure) {
        case Failure::none:
            return "closed by the peer";
        case Failure::refused:
            return "refused";
        case Failure::reset:
            return "reset by the peer";
        case Failure::timed_out:
            return "no answer for two minutes";
        case Failure::aborted:
            return "aborted";
    }
    return "";
}

std::string hex(std::uint32_t value) {
    constexpr char digits[] = "0123456789abcdef";
    std::string text;
    for (int shift = 28; shift >= 0; shift -= 4)
        text += digits[(value >> shift) & 15];
    return text;
}

std::uint64_t milliseconds(rt::Duration time) {
    return static_cast<std::uint64_t>(std::max<std::int64_t>(time.nanoseconds, 0) / 1'000'000);
}

}  // namespace

void StreamTask::start(const StreamOptions& options, rt::Instant now) {
    drop_connection(now);
    options_ = options;
    sent_ = received_ = 0;
    checksum_ = {};
    stall_ = longest_stall_ = {};
    reason_.clear();
    next_line_ = now + line_interval;
    connect(now);
}

void StreamTask::drop_connection(rt::Instant now) {
    if (connection_ == nullptr) return;
    connection_->abort(now);
    tcp_.release(*connection_);
    connection_ = nullptr;
}

void StreamTask::connect(rt::Instant now) {
    state_ = State::connecting;
    next_connect_ = now + connect_interval;
    connection_ = tcp_.connect(options_.to, now);
    if (connection_ == nullptr) reason_ = "no route";
}

rt::Instant StreamTask::run(rt::Instant now) {
    if (state_ == State::idle || state_ == State::broken) return rt::Instant::never();
    look_at_connection(now);
    if (state_ == State::established) {
        receive(now);
        send(now);
    }
    if (now >= next_line_) tell(now);
    if (state_ == State::connecting && connection_ == nullptr)
        return std::min(next_line_, next_connect_);
    return state_ == State::established ? std::min(next_line_, next_send_) : next_line_;
}

void StreamTask::look_at_connection(rt::Instant now) {
    if (connection_ == nullptr) {
        if (now >= next_connect_) connect(now);
        return;
    }
    const auto tcp_state = connection_->state();
    if (state_ == State::connecting) {
        if (tcp_state == net::TcpConnection::State::closed) {
            reason_ = name_of(connection_->failure());
            drop_connection(now);
        } else if (tcp_state == net::TcpConnection::State::established) {
            state_ = State::established;
            reason_.clear();
            began_ = next_send_ = now;
            tell(now);
        }
    }
}

void StreamTask::receive(rt::Instant now) {
    while (!connection_->readable().empty()) {
        const auto bytes = connection_->readable();
        const auto right = match_pattern(received_, bytes);
        checksum_.add(bytes.first(right));
        received_ += right;
        if (right < bytes.size() || received_ > sent_)
            return break_off("wrong byte at " + std::to_string(received_), now);
        measure_stall(now);
        waiting_since_ = now;
        connection_->consume(right, now);
    }
    if (received_ < sent_) measure_stall(now);
    if (connection_->at_end()) break_off(std::string(name_of(connection_->failure())), now);
}

void StreamTask::measure_stall(rt::Instant now) {
    stall_ = std::max(stall_, now - waiting_since_);
    longest_stall_ = std::max(longest_stall_, stall_);
}

// In small portions, so that a stall is seen within one interval of its beginning.
void StreamTask::send(rt::Instant now) {
    if (state_ != State::established || now < next_send_) return;
    next_send_ = now + send_interval;
    // seconds and the rest apart: the product of all nanoseconds and the rate would overflow
    const auto elapsed = now - began_;
    const auto seconds = static_cast<std::uint64_t>(elapsed.whole_seconds());
    const auto rest = static_cast<std::uint64_t>(elapsed.nanoseconds % 1'000'000'000);
    const std::uint64_t wanted = seconds * options_.rate + rest * options_.rate / 1'000'000'000;
    std::array<std::uint8_t, 4096> piece;
    while (sent_ < wanted) {
        const auto size = static_cast<std::size_t>(
            std::min<std::uint64_t>({wanted - sent_, piece.size(), connection_->writable()}));
        if (size == 0) break;
        if (sent_ == received_) waiting_since_ = now;
        const auto room = std::span(piece).first(size);
        write_pattern(sent_, room);
        sent_ += connection_->write(room, now);
    }
    // after a stall the rate counts from now on: nothing is made up for
    if (sent_ < wanted && connection_->writable() == 0 && options_.rate > 0) {
        const auto behind = wanted - sent_;
        began_ = began_ + rt::Duration{static_cast<std::int64_t>(
                              behind / options_.rate * 1'000'000'000 +
                              behind % options_.rate * 1'000'000'000 / options_.rate)};
    }
}

void StreamTask::break_off(const std::string& reason, rt::Instant now) {
    state_ = State::broken;
    reason_ = reason;
    drop_connection(now);
    console_.line("stream: BROKEN " + reason + " after " + std::to_string(received_) + " bytes");
    tell(now);
}

void StreamTask::tell(rt::Instant now) {
    next_line_ = now + line_interval;
    std::string line = "stream: " + std::string(name_of(state_));
    if (state_ == State::connecting) {
        if (!reason_.empty()) line += ": " + reason_ + ", trying again";
    } else {
        line += ", " + std::to_string(sent_) + " sent, " + std::to_string(received_) +
                " received, crc32c " + hex(checksum_.value()) + ", stall " +
                std::to_string(milliseconds(stall_)) + " ms, longest " +
                std::to_string(milliseconds(longest_stall_)) + " ms";
    }
    console_.line(line);
    report_.set("stream/state", name_of(state_));
    report_.set("stream/sent", sent_);
    report_.set("stream/received", received_);
    report_.set("stream/checksum", hex(checksum_.value()));
    report_.set("stream/stall", milliseconds(stall_));
    report_.set("stream/longest-stall", milliseconds(longest_stall_));
    report_.set("stream/reason", reason_);
    stall_ = {};
}

}  // namespace stemma::probe
