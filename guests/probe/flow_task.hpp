#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "net/ipv4_stack.hpp"
#include "probe/dns_query.hpp"
#include "probe/latencies.hpp"
#include "probe/options.hpp"
#include "probe/report.hpp"
#include "rt/console.hpp"
#include "rt/time.hpp"

namespace stemma::probe {

// Opens UDP flows, each from a port of its own: one datagram, and the time until its answer; the
// next flow when it came or the timeout went by. What is sent is a DNS query, or a line of text for
// an echo server. Further passes use the same flows again. A line for each pass:
//
//   flows: pass 1: 10000 of 10000 answered, min 80, median 95, p99 210, max 800 us
//
// The report holds flows/{state,pass,sent,answered,median,p99,max} of the last pass ("running",
// "done"; in microseconds).
class FlowTask final : public net::UdpHandler {
  public:
    static constexpr std::uint16_t first_port = 30'000;

    FlowTask(net::Ipv4Stack& stack, rt::Console& console, Report& report)
        : stack_(stack), console_(console), report_(report) {}

    // False when the stack has no ports left for it; once, before all else.
    bool bind();
    // Begins; what was under way ends.
    void start(const FlowOptions& options, rt::Instant now);

    rt::Instant run(rt::Instant now);
    void datagram(net::UdpDatagram& datagram) override;

    const Latencies& latencies() const { return latencies_; }

  private:
    void send(rt::Instant now);
    void go_on(rt::Instant now);
    void end_pass();

    net::Ipv4Stack& stack_;
    rt::Console& console_;
    Report& report_;
    FlowOptions options_;
    bool running_ = false;
    unsigned pass_ = 0;
    std::size_t flow_ = 0;  // whose answer is waited for
    rt::Instant sent_at_;
    Latencies latencies_;
};

}  // namespace stemma::probe
