#include "probe/ping_task.hpp"

#include <array>
#include <string>

#include "net/text.hpp"

namespace stemma::probe {

void PingTask::start(net::Ipv4Address to, rt::Instant now) {
    to_ = to;
    running_ = true;
    send(now);
}

void PingTask::send(rt::Instant now) {
    constexpr std::array<std::uint8_t, 56> data{};  // as ping(8) sends
    sent_at_ = now;
    waiting_ = true;
    ++sent_;
    stack_.send_echo(to_, identifier_, ++sequence_, data, now);
    report_.set("ping/sent", sent_);
}

void PingTask::message(const net::LocalPacket& packet, const net::IcmpHeader& header) {
    if (!waiting_ || header.type != net::icmp_type::echo_reply || packet.ip.source != to_ ||
        header.identifier() != identifier_ || header.sequence() != sequence_)
        return;
    waiting_ = false;
    ++answered_;
    const auto microseconds = (packet.now - sent_at_).nanoseconds / 1000;
    tell(std::to_string(microseconds) + " us");
    report_.set("ping/answered", answered_);
    report_.set("ping/microseconds", static_cast<std::uint64_t>(microseconds));
}

void PingTask::tell(std::string_view outcome) {
    console_.line(std::string("ping ")
                      .append(net::to_text(to_).view())
                      .append(": sequence ")
                      .append(std::to_string(sequence_))
                      .append(", ")
                      .append(outcome));
}

rt::Instant PingTask::run(rt::Instant now) {
    if (!running_) return rt::Instant::never();
    if (now >= sent_at_ + interval) {
        if (waiting_) tell("no answer");
        send(now);
    }
    return sent_at_ + interval;
}

}  // namespace stemma::probe
