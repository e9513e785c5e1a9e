#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "net/tcp_endpoint.hpp"
#include "probe/crc32c.hpp"
#include "probe/options.hpp"
#include "probe/report.hpp"
#include "rt/console.hpp"
#include "rt/time.hpp"

namespace stemma::probe {

// Holds one TCP connection to an echo server, sends the stream of stream_pattern.hpp at a steady
// rate and compares what comes back byte by byte. Each second a line:
//
//   stream: established, 120000 sent, 119000 received, crc32c 1a2b3c4d, stall 12 ms, longest 340 ms
//
// A stall is a time in which nothing came though something was due. A connection that cannot be
// made is tried again each second. One that was established and fails, or brings a wrong byte, is
// told once as "stream: BROKEN reason" and not replaced.
//
// The report holds stream/{state,sent,received,checksum,stall,longest-stall,reason}: state is
// "connecting", "established" or "broken", stalls are in milliseconds.
class StreamTask {
  public:
    StreamTask(net::TcpEndpoint& tcp, rt::Console& console, Report& report)
        : tcp_(tcp), console_(console), report_(report) {}

    // Begins a stream; one under way is aborted.
    void start(const StreamOptions& options, rt::Instant now);
    // After frames were received; when to be called next.
    rt::Instant run(rt::Instant now);

    enum class State : std::uint8_t { idle, connecting, established, broken };
    State state() const { return state_; }
    std::uint64_t sent() const { return sent_; }
    std::uint64_t received() const { return received_; }
    const std::string& reason() const { return reason_; }

  private:
    void connect(rt::Instant now);
    void look_at_connection(rt::Instant now);
    void receive(rt::Instant now);
    void send(rt::Instant now);
    void measure_stall(rt::Instant now);
    void break_off(const std::string& reason, rt::Instant now);
    void tell(rt::Instant now);
    void drop_connection(rt::Instant now);

    net::TcpEndpoint& tcp_;
    rt::Console& console_;
    Report& report_;
    StreamOptions options_;
    State state_ = State::idle;
    net::TcpConnection* connection_ = nullptr;
    std::string reason_;

    rt::Instant next_connect_;
    rt::Instant began_;  // when it was established: what the rate counts from
    rt::Instant next_send_;
    rt::Instant next_line_;
    std::uint64_t sent_ = 0;
    std::uint64_t received_ = 0;
    Crc32c checksum_;
    rt::Instant waiting_since_;  // for the next byte due; meaningless when received_ == sent_
    rt::Duration stall_;         // longest since the last line
    rt::Duration longest_stall_;
};

}  // namespace stemma::probe
