#include "net/tcp_connection.hpp"

#include <algorithm>
#include <array>

#include "net/tcp_sequence.hpp"

namespace stemma::net {

TcpConnection::TcpConnection(TcpOutput& output, const Ipv4Endpoint& local,
                             const Ipv4Endpoint& remote, std::uint32_t iss, const Options& options)
    : output_(output),
      local_(local),
      remote_(remote),
      options_(options),
      iss_(iss),
      unacknowledged_(iss),
      send_next_(iss),
      send_end_(iss),
      send_(options.send_buffer),
      receive_(std::min<std::size_t>(options.receive_buffer, 65535)),
      recover_(iss) {}

void TcpConnection::connect(rt::Instant now) {
    state_ = State::syn_sent;
    progress_ = now;
    send_syn(now);
}

void TcpConnection::accept(const TcpHeader& syn, std::optional<std::uint16_t> mss,
                           rt::Instant now) {
    state_ = State::syn_received;
    answers_syn_ = true;
    progress_ = now;
    receive_next_ = receive_edge_ = syn.sequence + 1;
    mss_ = std::clamp<std::uint32_t>(mss.value_or(536), 64, options_.mss);
    congestion_.start(mss_);
    take_window(syn);
    send_syn(now);
}

std::size_t TcpConnection::write(std::span<const std::uint8_t> bytes, rt::Instant now) {
    if (writable() == 0) return 0;
    const std::size_t taken = send_.append(bytes);
    output(now);
    return taken;
}

std::size_t TcpConnection::writable() const {
    const bool open = state_ == State::syn_sent || state_ == State::syn_received ||
                      state_ == State::established || state_ == State::close_wait;
    return open && !fin_queued_ ? send_.room() : 0;
}

std::span<const std::uint8_t> TcpConnection::readable() const {
    return receive_.peek(0, receive_.size())[0];
}

void TcpConnection::consume(std::size_t count, rt::Instant now) {
    receive_.consume(count);
    if (!may_receive_text() || receive_edge_ - receive_next_ >= receive_.capacity() / 2) return;
    const auto edge = receive_edge_;
    window();
    if (receive_edge_ != edge) send_acknowledgement(now);  // the peer may wait for it
}

bool TcpConnection::at_end() const {
    return receive_.size() == 0 && (fin_received_ || state_ == State::closed);
}

void TcpConnection::close(rt::Instant now) {
    switch (state_) {
        case State::syn_sent:
            return end(Failure::aborted);
        case State::syn_received:
        case State::established:
            state_ = State::fin_wait_1;
            break;
        case State::close_wait:
            state_ = State::last_ack;
            break;
        default:
            return;
    }
    fin_queued_ = true;
    output(now);
}

void TcpConnection::abort(rt::Instant now) {
    if (state_ != State::closed && state_ != State::syn_sent && state_ != State::time_wait)
        send(plain_sequence(), TcpHeader::rst | TcpHeader::ack, 0, 0, now);
    end(Failure::aborted);
}

void TcpConnection::end(Failure failure) {
    if (failure_ == Failure::none && state_ != State::time_wait) failure_ = failure;
    state_ = State::closed;
    timer_ = rt::Instant::never();
}

void TcpConnection::enter_time_wait(rt::Instant now) {
    state_ = State::time_wait;
    timer_ = now + time_wait;
}

bool TcpConnection::may_send_text() const {
    return state_ == State::established || state_ == State::close_wait ||
           state_ == State::fin_wait_1 || state_ == State::closing || state_ == State::last_ack;
}

bool TcpConnection::may_receive_text() const {
    return state_ == State::established || state_ == State::fin_wait_1 ||
           state_ == State::fin_wait_2;
}

// The window to tell, never smaller than what was told (RFC 9293 section 3.8.6); it grows by a
// segment or half the buffer at least (section 3.8.6.2.2).
std::uint16_t TcpConnection::window() {
    const auto edge = receive_next_ + static_cast<std::uint32_t>(receive_.room());
    const auto step =
        std::min<std::uint32_t>(static_cast<std::uint32_t>(receive_.capacity()) / 2, options_.mss);
    if (!before(edge, receive_edge_ + step)) receive_edge_ = edge;
    return static_cast<std::uint16_t>(
        std::min<std::uint32_t>(receive_edge_ - receive_next_, 65535));
}

// The sequence number of send_'s first byte: the one after the SYN.
std::uint32_t TcpConnection::first_text() const {
    return unacknowledged_ == iss_ ? iss_ + 1 : unacknowledged_;
}

void TcpConnection::send(std::uint32_t sequence, std::uint8_t flags, std::size_t offset,
                         std::size_t length, rt::Instant now) {
    TcpHeader header;
    header.source_port = local_.port;
    header.destination_port = remote_.port;
    header.sequence = sequence;
    header.flags = flags;
    if (header.has(TcpHeader::ack)) {
        header.acknowledgement = receive_next_;
        must_acknowledge_ = false;
    }
    header.window = header.has(TcpHeader::rst) ? std::uint16_t{0} : window();
    const auto text = send_.peek(length == 0 ? 0 : offset, length);
    const auto mss = header.has(TcpHeader::syn) ? std::optional(options_.mss) : std::nullopt;
    output_.send_segment(local_, remote_, header, mss, text, now);
}

void TcpConnection::send_syn(rt::Instant now) {
    if (send_end_ == iss_) {
        timing_ = true;
        timed_sequence_ = iss_;
        timed_at_ = now;
    } else {
        timing_ = false;
        ++retransmissions_;
    }
    send_next_ = iss_ + 1;
    send_end_ = later(send_end_, send_next_);
    send(iss_, answers_syn_ ? TcpHeader::syn | TcpHeader::ack : TcpHeader::syn, 0, 0, now);
    start_timer(now);
}

// For a segment without text: one that the peer finds in its window, also after send_next_ went
// back, and after a probe of a closed window.
std::uint32_t TcpConnection::plain_sequence() const {
    const auto edge = unacknowledged_ + send_window_;
    return before(edge, send_end_) ? edge : send_end_;
}

void TcpConnection::send_acknowledgement(rt::Instant now) {
    send(plain_sequence(), TcpHeader::ack, 0, 0, now);
}

// RFC 5961: what looks like an attack, or like the peer's other life, is asked about.
void TcpConnection::challenge(rt::Instant now) {
    if (challenges_.take(now)) send_acknowledgement(now);
}

bool TcpConnection::wants_to_send() const {
    return may_send_text() && (unacknowledged_ != send_end_ || send_.size() > 0 ||
                               (fin_queued_ && !after(send_end_, fin_sequence())));
}

void TcpConnection::output(rt::Instant now) {
    if (may_send_text()) {
        while (send_next_segment(now)) {
        }
        // with nothing in flight and a closed window the timer sends a probe (section 3.8.6.1)
        if (wants_to_send() && timer_ == rt::Instant::never()) {
            if (unacknowledged_ == send_end_) progress_ = now;
            start_timer(now);
        }
    }
    if (must_acknowledge_ && state_ != State::closed) send_acknowledgement(now);
}

bool TcpConnection::send_next_segment(rt::Instant now) {
    const std::uint32_t offset = send_next_ - first_text();
    if (offset > text_size()) return false;  // the FIN is out
    const std::uint32_t waiting = text_size() - offset;
    const std::uint32_t limit = std::min(send_window_, congestion_.size());
    const std::uint32_t usable = limit > flight() ? limit - flight() : 0;
    const std::uint32_t length = std::min({waiting, usable, mss_});
    const bool fin = fin_queued_ && length == waiting && usable > length;
    if (length == 0 && !fin) return false;
    // section 3.8.6.2.1: no small segment while more waits and a larger one may become possible
    if (length < mss_ && length < waiting && length < largest_window_ / 2 && flight() > 0)
        return false;

    const bool again = before(send_next_, send_end_);
    if (again) ++retransmissions_;
    if (!again && !timing_) {
        timing_ = true;
        timed_sequence_ = send_next_;
        timed_at_ = now;
    }
    if (unacknowledged_ == send_end_) progress_ = now;  // the first of something new
    std::uint8_t flags = TcpHeader::ack;
    if (length > 0 && length == waiting) flags |= TcpHeader::psh;
    if (fin) flags |= TcpHeader::fin;
    const auto sequence = send_next_;
    send_next_ += length + fin;
    send_end_ = later(send_end_, send_next_);
    send(sequence, flags, offset, length, now);
    if (timer_ == rt::Instant::never()) start_timer(now);
    return true;
}

// One segment from the first byte that is not acknowledged.
void TcpConnection::resend_first(rt::Instant now) {
    ++retransmissions_;
    timing_ = false;
    const std::uint32_t length = std::min(text_size(), mss_);
    const bool fin = fin_queued_ && length == text_size() && after(send_end_, fin_sequence());
    std::uint8_t flags = TcpHeader::ack;
    if (fin) flags |= TcpHeader::fin;
    send(first_text(), flags, 0, length, now);
    start_timer(now);
}

rt::Instant TcpConnection::run(rt::Instant now) {
    if (now >= timer_) timer_ran_out(now);
    return timer_;
}

void TcpConnection::timer_ran_out(rt::Instant now) {
    timer_ = rt::Instant::never();
    if (state_ == State::time_wait) return end(Failure::none);
    if (now - progress_ >= give_up) {
        if (state_ != State::syn_sent)
            send(plain_sequence(), TcpHeader::rst | TcpHeader::ack, 0, 0, now);
        return end(Failure::timed_out);
    }
    timeout_.back_off();
    if (unacknowledged_ == iss_) return send_syn(now);
    if (unacknowledged_ != send_end_) {
        congestion_.timed_out(send_end_ - unacknowledged_);
        duplicates_ = 0;
        timing_ = false;
        send_next_ = unacknowledged_;
        if (send_window_ > 0) return output(now);
    }
    if (!wants_to_send()) return;
    // a probe of a closed window: one byte, or the FIN; a peer that answers is not given up
    const bool fin = text_size() == 0;
    send(first_text(), fin ? TcpHeader::ack | TcpHeader::fin : TcpHeader::ack, 0, fin ? 0 : 1, now);
    send_end_ = later(send_end_, first_text() + 1);
    start_timer(now);
}

}  // namespace stemma::net
