#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "net/byte_ring.hpp"
#include "net/congestion_window.hpp"
#include "net/retransmission_timeout.hpp"
#include "net/tcp_header.hpp"
#include "net/text.hpp"
#include "net/token_bucket.hpp"
#include "rt/time.hpp"

namespace stemma::net {

// Where a connection's segments go.
class TcpOutput {
  public:
    virtual ~TcpOutput() = default;
    // `header` without checksum and header length; `mss` goes with a SYN. What cannot be sent is
    // lost, as on any network.
    virtual void send_segment(const Ipv4Endpoint& local, const Ipv4Endpoint& remote,
                              const TcpHeader& header, std::optional<std::uint16_t> mss,
                              std::span<const std::span<const std::uint8_t>> text,
                              rt::Instant now) = 0;
};

// One TCP connection (RFC 9293), with its buffers and timers. Takes segments, calls of its user and
// `now`, and gives segments.
//
// Left out: window scaling, timestamps, SACK, urgent data, delayed acknowledgements, and text that
// arrives out of order, which is acknowledged by what is missing and sent again by the peer.
class TcpConnection {
  public:
    enum class State : std::uint8_t {
        closed,
        syn_sent,
        syn_received,
        established,
        fin_wait_1,
        fin_wait_2,
        close_wait,
        closing,
        last_ack,
        time_wait,
    };
    enum class Failure : std::uint8_t {
        none,
        refused,    // reset in answer to our SYN
        reset,      // by the peer
        timed_out,  // nothing acknowledged for give_up
        aborted,    // by ourselves
    };

    struct Options {
        std::size_t send_buffer = 32 * 1024;     // bytes
        std::size_t receive_buffer = 32 * 1024;  // bytes, at most 65,535
        std::uint16_t mss = 1460;                // the longest text we take in one segment
    };
    // RFC 9293 section 3.8.3's R2: at least 100 seconds.
    static constexpr rt::Duration give_up = rt::Duration::seconds(120);
    // Twice a maximum segment lifetime of 30 seconds.
    static constexpr rt::Duration time_wait = rt::Duration::seconds(60);

    // `iss` is unguessable (RFC 6528). The output outlives the connection.
    TcpConnection(TcpOutput& output, const Ipv4Endpoint& local, const Ipv4Endpoint& remote,
                  std::uint32_t iss, const Options& options);

    // One of the two, first of all: sends a SYN; answers one.
    void connect(rt::Instant now);
    void accept(const TcpHeader& syn, std::optional<std::uint16_t> mss, rt::Instant now);

    // A segment from `remote` to `local`, its checksum verified, its text and MSS option.
    void segment(const TcpHeader& header, std::optional<std::uint16_t> mss,
                 std::span<const std::uint8_t> text, rt::Instant now);
    // Does what is due; when to be called next.
    rt::Instant run(rt::Instant now);

    // --- The user. How many bytes were taken: at most writable().
    std::size_t write(std::span<const std::uint8_t> bytes, rt::Instant now);
    std::size_t writable() const;
    // Received bytes, in order; perhaps not all that there are. consume() drops the first `count`.
    std::span<const std::uint8_t> readable() const;
    void consume(std::size_t count, rt::Instant now);
    // The peer has closed its side, and all it sent was consumed.
    bool at_end() const;
    // Nothing more will be written; what was is still sent.
    void close(rt::Instant now);
    // Ends at once, with a reset to the peer.
    void abort(rt::Instant now);

    State state() const { return state_; }
    Failure failure() const { return failure_; }
    const Ipv4Endpoint& local() const { return local_; }
    const Ipv4Endpoint& remote() const { return remote_; }
    std::uint64_t retransmissions() const { return retransmissions_; }
    // Written and not acknowledged yet.
    std::size_t unacknowledged() const { return send_.size(); }

  private:
    bool may_send_text() const;
    bool may_receive_text() const;
    bool acceptable(const TcpHeader& header, std::size_t length) const;
    void segment_in_syn_sent(const TcpHeader& header, std::optional<std::uint16_t> mss,
                             rt::Instant now);
    bool take_acknowledgement(const TcpHeader& header, std::size_t length, rt::Instant now);
    void take_new_acknowledgement(std::uint32_t acknowledgement, rt::Instant now);
    void take_duplicate(rt::Instant now);
    void take_window(const TcpHeader& header);
    void fin_was_acknowledged(rt::Instant now);
    bool take_text(std::uint32_t sequence, std::span<const std::uint8_t> text);
    void take_fin(rt::Instant now);
    void enter_time_wait(rt::Instant now);
    void end(Failure failure);

    std::uint16_t window();
    std::uint32_t first_text() const;
    std::uint32_t fin_sequence() const { return first_text() + text_size(); }
    std::uint32_t text_size() const { return static_cast<std::uint32_t>(send_.size()); }
    std::uint32_t plain_sequence() const;
    std::uint32_t flight() const { return send_next_ - unacknowledged_; }
    void send(std::uint32_t sequence, std::uint8_t flags, std::size_t offset, std::size_t length,
              rt::Instant now);
    void send_syn(rt::Instant now);
    void send_acknowledgement(rt::Instant now);
    void challenge(rt::Instant now);
    void output(rt::Instant now);
    bool send_next_segment(rt::Instant now);
    void resend_first(rt::Instant now);
    void timer_ran_out(rt::Instant now);
    void start_timer(rt::Instant now) { timer_ = now + timeout_.value(); }
    bool wants_to_send() const;

    TcpOutput& output_;
    Ipv4Endpoint local_;
    Ipv4Endpoint remote_;
    Options options_;
    State state_ = State::closed;
    Failure failure_ = Failure::none;

    // RFC 9293 section 3.3.1: ISS, SND.UNA, SND.NXT, SND.WND, SND.WL1, SND.WL2; and the end of all
    // that was ever sent, since after a timeout send_next_ goes back.
    std::uint32_t iss_;
    std::uint32_t unacknowledged_;
    std::uint32_t send_next_;
    std::uint32_t send_end_;
    std::uint32_t send_window_ = 0;
    std::uint32_t window_sequence_ = 0;
    std::uint32_t window_acknowledgement_ = 0;
    std::uint32_t largest_window_ = 0;
    std::uint32_t mss_ = 536;  // what the peer takes in one segment
    ByteRing send_;            // from first_text() on
    bool fin_queued_ = false;
    bool answers_syn_ = false;  // our SYN carries an acknowledgement

    std::uint32_t receive_next_ = 0;  // RCV.NXT
    std::uint32_t receive_edge_ = 0;  // RCV.NXT + RCV.WND: never goes back
    ByteRing receive_;
    bool fin_received_ = false;

    CongestionWindow congestion_;
    unsigned duplicates_ = 0;
    std::uint32_t recover_;  // recovery ends when this is acknowledged

    RetransmissionTimeout timeout_;
    rt::Instant timer_ = rt::Instant::never();  // retransmission, window probe, or time-wait
    rt::Instant progress_;                      // when something was last acknowledged
    bool timing_ = false;
    std::uint32_t timed_sequence_ = 0;
    rt::Instant timed_at_;
    bool must_acknowledge_ = false;
    TokenBucket challenges_{rt::Duration::milliseconds(100), 5};  // RFC 5961 section 7
    std::uint64_t retransmissions_ = 0;
};

}  // namespace stemma::net
