// What a connection does with a segment: RFC 9293 section 3.10.7, in its order.
#include <algorithm>

#include "net/tcp_connection.hpp"
#include "net/tcp_sequence.hpp"

namespace stemma::net {

void TcpConnection::segment(const TcpHeader& header, std::optional<std::uint16_t> mss,
                            std::span<const std::uint8_t> text, rt::Instant now) {
    if (state_ == State::closed) return;
    if (state_ == State::syn_sent) return segment_in_syn_sent(header, mss, now);

    const std::size_t length =
        text.size() + header.has(TcpHeader::syn) + header.has(TcpHeader::fin);
    if (!acceptable(header, length)) {
        if (header.has(TcpHeader::rst)) return;
        // our SYN-ACK was lost, or the last ACK of a connection that now waits
        if (state_ == State::syn_received && header.has(TcpHeader::syn)) return send_syn(now);
        if (state_ == State::time_wait && header.has(TcpHeader::fin)) enter_time_wait(now);
        return send_acknowledgement(now);
    }
    if (header.has(TcpHeader::rst)) {
        // RFC 5961 section 3.2: only the exact number resets
        if (header.sequence != receive_next_) return challenge(now);
        return end(state_ == State::syn_received ? Failure::refused : Failure::reset);
    }
    if (header.has(TcpHeader::syn)) return challenge(now);  // RFC 5961 section 4.2
    if (!header.has(TcpHeader::ack)) return;
    if (!take_acknowledgement(header, length, now)) return;

    if (length > 0) must_acknowledge_ = true;
    const bool whole = take_text(header.sequence, text);
    if (whole && header.has(TcpHeader::fin)) take_fin(now);
    output(now);
}

void TcpConnection::segment_in_syn_sent(const TcpHeader& header, std::optional<std::uint16_t> mss,
                                        rt::Instant now) {
    const bool has_ack = header.has(TcpHeader::ack);
    if (has_ack && header.acknowledgement != send_end_) {
        if (!header.has(TcpHeader::rst)) send(header.acknowledgement, TcpHeader::rst, 0, 0, now);
        return;
    }
    if (header.has(TcpHeader::rst)) {
        if (has_ack) end(Failure::refused);
        return;
    }
    if (!header.has(TcpHeader::syn)) return;
    receive_next_ = receive_edge_ = header.sequence + 1;
    mss_ = std::clamp<std::uint32_t>(mss.value_or(536), 64, options_.mss);
    congestion_.start(mss_);
    take_window(header);
    if (!has_ack) {  // both sides called at once
        state_ = State::syn_received;
        answers_syn_ = true;
        return send_syn(now);
    }
    state_ = State::established;
    take_new_acknowledgement(header.acknowledgement, now);
    must_acknowledge_ = true;
    output(now);
}

// Section 3.10.7.4, first: some of it lies in the window.
bool TcpConnection::acceptable(const TcpHeader& header, std::size_t length) const {
    const auto window = receive_edge_ - receive_next_;
    const auto first = header.sequence - receive_next_;
    // what probes a closed window is looked at for the rest of it (section 3.10.7.4)
    if (window == 0) return first == 0;
    if (length == 0) return first < window;
    const auto last = first + static_cast<std::uint32_t>(length) - 1;
    return first < window || last < window;
}

// Fifth; false if nothing more is to be done with the segment.
bool TcpConnection::take_acknowledgement(const TcpHeader& header, std::size_t length,
                                         rt::Instant now) {
    const auto acknowledgement = header.acknowledgement;
    if (state_ == State::syn_received) {
        if (!after(acknowledgement, unacknowledged_) || after(acknowledgement, send_end_)) {
            send(acknowledgement, TcpHeader::rst, 0, 0, now);
            return false;
        }
        state_ = State::established;
        take_window(header);
    }
    // RFC 5961 section 5.2
    if (after(acknowledgement, send_end_) ||
        before(acknowledgement, unacknowledged_ - largest_window_)) {
        challenge(now);
        return false;
    }
    if (after(acknowledgement, unacknowledged_)) {
        take_new_acknowledgement(acknowledgement, now);
    } else if (acknowledgement == unacknowledged_ && length == 0 && header.window == send_window_ &&
               unacknowledged_ != send_end_) {
        take_duplicate(now);
    }
    // the second condition lets no old segment take a newer window back
    if (before(window_sequence_, header.sequence) ||
        (window_sequence_ == header.sequence && !before(acknowledgement, window_acknowledgement_)))
        take_window(header);
    // a peer whose window stays closed but which answers is there (section 3.8.6.1)
    if (send_window_ == 0) progress_ = now;
    return state_ != State::closed && state_ != State::time_wait;
}

void TcpConnection::take_window(const TcpHeader& header) {
    const bool was_closed = send_window_ == 0;
    send_window_ = header.window;
    largest_window_ = std::max(largest_window_, send_window_);
    window_sequence_ = header.sequence;
    window_acknowledgement_ = header.acknowledgement;
    // what a probe had sent is sent anew, whole
    if (was_closed && send_window_ > 0 && unacknowledged_ != iss_) {
        timeout_.forget_back_off();
        timer_ = rt::Instant::never();
    }
}

void TcpConnection::take_new_acknowledgement(std::uint32_t acknowledgement, rt::Instant now) {
    const auto text_begin = first_text();
    const auto bytes = acknowledgement - unacknowledged_;
    if (timing_ && after(acknowledgement, timed_sequence_)) {
        timing_ = false;
        timeout_.measured(now - timed_at_);
    } else {
        timeout_.forget_back_off();
    }
    const bool fin_acknowledged = fin_queued_ && after(acknowledgement, fin_sequence());
    send_.consume(std::min<std::size_t>(acknowledgement - text_begin, send_.size()));
    unacknowledged_ = acknowledgement;
    send_next_ = later(send_next_, unacknowledged_);
    progress_ = now;
    duplicates_ = 0;
    if (unacknowledged_ == send_end_)
        timer_ = rt::Instant::never();
    else
        start_timer(now);
    if (!congestion_.recovering()) {
        congestion_.acknowledged(bytes);
    } else if (!before(acknowledgement, recover_)) {
        congestion_.leave_recovery();
    } else {
        congestion_.partial_acknowledgement(bytes);
        resend_first(now);
    }
    if (fin_acknowledged) fin_was_acknowledged(now);
}

// RFC 5681 section 3.2, with RFC 6582's recover.
void TcpConnection::take_duplicate(rt::Instant now) {
    ++duplicates_;
    if (congestion_.recovering()) {
        congestion_.duplicate_in_recovery();
    } else if (duplicates_ == 3 && !before(unacknowledged_, recover_)) {
        recover_ = send_end_;
        congestion_.enter_recovery(send_end_ - unacknowledged_);
        resend_first(now);
    }
}

void TcpConnection::fin_was_acknowledged(rt::Instant now) {
    if (state_ == State::fin_wait_1) {
        state_ = State::fin_wait_2;
        // a peer that never closes its side does not hold the connection for ever
        timer_ = now + give_up;
    } else if (state_ == State::closing) {
        enter_time_wait(now);
    } else if (state_ == State::last_ack) {
        end(Failure::none);
    }
}

// Seventh; whether all of it up to its end has now been taken.
bool TcpConnection::take_text(std::uint32_t sequence, std::span<const std::uint8_t> text) {
    if (after(sequence, receive_next_)) return false;  // something before it is missing
    const auto known = receive_next_ - sequence;
    if (known > text.size()) return false;  // only its FIN was new, and that is known too
    if (!may_receive_text()) return known == text.size();
    const auto fresh = text.subspan(known);
    const auto taken = receive_.append(fresh);
    receive_next_ += static_cast<std::uint32_t>(taken);
    receive_edge_ = later(receive_edge_, receive_next_);
    return taken == fresh.size();
}

void TcpConnection::take_fin(rt::Instant now) {
    if (fin_received_) return;
    fin_received_ = true;
    ++receive_next_;
    receive_edge_ = later(receive_edge_, receive_next_);
    switch (state_) {
        case State::established:
            state_ = State::close_wait;
            break;
        case State::fin_wait_1:
            state_ = State::closing;
            break;
        case State::fin_wait_2:
            enter_time_wait(now);
            break;
        default:
            break;
    }
}

}  // namespace stemma::net
