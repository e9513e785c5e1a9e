#include "probe/flow_task.hpp"

#include <string>

namespace stemma::probe {

bool FlowTask::bind() {
    return stack_.bind_udp(*this, first_port, first_port + FlowOptions::flows_max - 1);
}

void FlowTask::start(const FlowOptions& options, rt::Instant now) {
    options_ = options;
    running_ = options.flows > 0;
    pass_ = 1;
    flow_ = 0;
    latencies_.clear();
    report_.set("flows/state", "running");
    if (running_) send(now);
}

void FlowTask::send(rt::Instant now) {
    sent_at_ = now;
    const auto port = static_cast<std::uint16_t>(first_port + flow_);
    if (!options_.query.empty()) {
        std::array<std::uint8_t, dns_query_max> query;
        const auto size = write_dns_query(query, port, options_.query);
        stack_.send_udp(port, options_.to, std::span(query).first(size.value_or(0)), now);
        return;
    }
    std::array<std::uint8_t, 32> text{};
    const auto line = "flow " + std::to_string(flow_) + "\n";
    std::copy(line.begin(), line.end(), text.begin());
    stack_.send_udp(port, options_.to, std::span(text).first(line.size()), now);
}

void FlowTask::datagram(net::UdpDatagram& datagram) {
    if (!running_ || datagram.source != options_.to) return;
    // a late answer, to a flow that was given up
    if (datagram.destination.port != first_port + flow_) return;
    latencies_.add(datagram.now - sent_at_);
    go_on(datagram.now);
}

void FlowTask::go_on(rt::Instant now) {
    if (++flow_ == options_.flows) {
        end_pass();
        if (!running_) return;
    }
    send(now);
}

void FlowTask::end_pass() {
    console_.line("flows: pass " + std::to_string(pass_) + ": " +
                  std::to_string(latencies_.count()) + " of " + std::to_string(options_.flows) +
                  " answered, " + latencies_.text());
    running_ = pass_ < options_.passes;
    report_.set("flows/state", running_ ? "running" : "done");
    report_.set("flows/pass", pass_);
    report_.set("flows/sent", options_.flows);
    report_.set("flows/answered", latencies_.count());
    report_.set("flows/median", latencies_.percentile(50));
    report_.set("flows/p99", latencies_.percentile(99));
    report_.set("flows/max", latencies_.percentile(100));
    if (!running_) return;
    ++pass_;
    flow_ = 0;
    latencies_.clear();
}

rt::Instant FlowTask::run(rt::Instant now) {
    if (!running_) return rt::Instant::never();
    if (now >= sent_at_ + options_.timeout) go_on(now);
    return running_ ? sent_at_ + options_.timeout : rt::Instant::never();
}

}  // namespace stemma::probe
