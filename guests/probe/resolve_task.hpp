#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "net/ipv4_stack.hpp"
#include "probe/dns_query.hpp"
#include "probe/latencies.hpp"
#include "probe/options.hpp"
#include "probe/report.hpp"
#include "rt/console.hpp"
#include "rt/entropy.hpp"
#include "rt/time.hpp"

namespace stemma::probe {

// Resolves names over UDP, once or again and again; a round asks for all of them at the same time.
// Tells the console each name's outcome when it is new, and a summary of each round:
//
//   resolve www.example.org: 192.0.2.1, 312 us
//   resolve nosuch.example.org: NXDOMAIN, 290 us
//   resolve: round 3: 1 of 2 names found, min 290, median 301, p99 312, max 312 us
//
// The report holds resolve/{ok,failed,rounds} counted in all, resolve/round ("ok" when the last one
// found every name, else "failed"), resolve/last-round ("1 of 2"), resolve/microseconds (its
// median).
class ResolveTask final : public net::UdpHandler {
  public:
    ResolveTask(net::Ipv4Stack& stack, rt::Console& console, Report& report, rt::Entropy& entropy);

    // False when the stack has no port left for it; once, before all else.
    bool bind();
    // Begins a first round; what was under way ends.
    void start(const ResolveOptions& options, rt::Instant now);

    // Sends again what had no answer in time; when to be called next.
    rt::Instant run(rt::Instant now);
    void datagram(net::UdpDatagram& datagram) override;

    std::uint64_t ok() const { return ok_; }
    std::uint64_t failed() const { return failed_; }

  private:
    struct Question {
        std::string name;
        std::array<std::uint8_t, dns_query_max> query{};
        std::size_t query_size = 0;
        unsigned tries = 0;
        bool done = false;
        bool found = false;
        rt::Instant first_sent;
        rt::Instant last_sent;
        std::string outcome;  // of the last round
    };

    void begin_round(rt::Instant now);
    void ask(Question& question, rt::Instant now);
    void finish(Question& question, bool found, const std::string& outcome, rt::Instant now);
    void end_round(rt::Instant now);

    net::Ipv4Stack& stack_;
    rt::Console& console_;
    Report& report_;
    rt::Entropy& entropy_;
    std::uint16_t port_ = 0;
    ResolveOptions options_;
    std::vector<Question> questions_;
    std::size_t waiting_ = 0;  // questions of this round without outcome
    rt::Instant round_began_;
    rt::Instant next_round_ = rt::Instant::never();
    Latencies latencies_;
    std::uint64_t rounds_ = 0;
    std::uint64_t ok_ = 0;
    std::uint64_t failed_ = 0;
};

}  // namespace stemma::probe
