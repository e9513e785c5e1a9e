#pragma once

#include <cstdint>

#include "net/ipv4_stack.hpp"
#include "probe/report.hpp"
#include "rt/console.hpp"
#include "rt/entropy.hpp"
#include "rt/time.hpp"

namespace stemma::probe {

// Sends an echo request each second and tells the time of its answer, or that none came:
//
//   ping 10.0.0.1: sequence 3, 120 us
//   ping 10.0.0.1: sequence 4, no answer
//
// The report holds ping/{sent,answered,microseconds}.
class PingTask final : public net::IcmpHandler {
  public:
    static constexpr rt::Duration interval = rt::Duration::seconds(1);

    PingTask(net::Ipv4Stack& stack, rt::Console& console, Report& report, rt::Entropy& entropy)
        : stack_(stack),
          console_(console),
          report_(report),
          identifier_(entropy.get<std::uint16_t>()) {
        stack.set_icmp(this);
    }

    void start(net::Ipv4Address to, rt::Instant now);
    rt::Instant run(rt::Instant now);
    void message(const net::LocalPacket& packet, const net::IcmpHeader& header) override;

  private:
    void send(rt::Instant now);
    void tell(std::string_view outcome);

    net::Ipv4Stack& stack_;
    rt::Console& console_;
    Report& report_;
    std::uint16_t identifier_;
    std::uint16_t sequence_ = 0;
    net::Ipv4Address to_;
    bool running_ = false;
    bool waiting_ = false;
    rt::Instant sent_at_;
    std::uint64_t sent_ = 0;
    std::uint64_t answered_ = 0;
};

}  // namespace stemma::probe
