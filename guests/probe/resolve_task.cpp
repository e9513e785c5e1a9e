#include "probe/resolve_task.hpp"

#include <algorithm>

namespace stemma::probe {

namespace {

constexpr std::uint16_t dns_port = 53;
// Below the ports of flows: see flow_task.cpp.
constexpr std::uint16_t first_port = 20'000;
constexpr std::uint16_t port_count = 10'000;

std::string microseconds(rt::Duration time) {
    return std::to_string(time.nanoseconds / 1000) + " us";
}

}  // namespace

ResolveTask::ResolveTask(net::Ipv4Stack& stack, rt::Console& console, Report& report,
                         rt::Entropy& entropy)
    : stack_(stack), console_(console), report_(report), entropy_(entropy) {}

bool ResolveTask::bind() {
    // RFC 5452 section 9.2: a port that nobody can guess
    port_ = static_cast<std::uint16_t>(first_port + entropy_.get<std::uint16_t>() % port_count);
    return stack_.bind_udp(*this, port_, port_);
}

void ResolveTask::start(const ResolveOptions& options, rt::Instant now) {
    options_ = options;
    questions_.clear();
    for (const auto& name : options.names) {
        Question question;
        question.name = name;
        questions_.push_back(std::move(question));
    }
    begin_round(now);
}

void ResolveTask::begin_round(rt::Instant now) {
    next_round_ = rt::Instant::never();
    round_began_ = now;
    latencies_.clear();
    waiting_ = questions_.size();
    for (auto& question : questions_) {
        question.tries = 0;
        question.done = false;
        question.first_sent = now;
        ask(question, now);
    }
}

void ResolveTask::ask(Question& question, rt::Instant now) {
    // a new id each time, so that a late answer to an earlier try is not taken for this one's
    const auto size = write_dns_query(question.query, entropy_.get<std::uint16_t>(), question.name);
    question.query_size = size.value_or(0);  // parse_names() let only host names through
    question.last_sent = now;
    ++question.tries;
    stack_.send_udp(port_, {options_.resolver, dns_port},
                    std::span(question.query).first(question.query_size), now);
}

void ResolveTask::datagram(net::UdpDatagram& datagram) {
    if (datagram.source != net::Ipv4Endpoint{options_.resolver, dns_port}) return;
    for (auto& question : questions_) {
        if (question.done) continue;
        const auto answer =
            read_dns_answer(datagram.payload, std::span(question.query).first(question.query_size));
        if (!answer) continue;
        latencies_.add(datagram.now - question.first_sent);
        finish(question, answer->found(), answer->text(), datagram.now);
        return;
    }
}

void ResolveTask::finish(Question& question, bool found, const std::string& outcome,
                         rt::Instant now) {
    question.done = true;
    question.found = found;
    ++(found ? ok_ : failed_);
    if (question.outcome != outcome)
        console_.line("resolve " + question.name + ": " + outcome + ", " +
                      microseconds(now - question.first_sent));
    question.outcome = outcome;
    if (--waiting_ == 0) end_round(now);
}

void ResolveTask::end_round(rt::Instant now) {
    ++rounds_;
    const auto found = std::count_if(questions_.begin(), questions_.end(),
                                     [](const Question& q) { return q.found; });
    const bool all = static_cast<std::size_t>(found) == questions_.size();
    console_.line("resolve: round " + std::to_string(rounds_) + ": " + std::to_string(found) +
                  " of " + std::to_string(questions_.size()) + " names found, " +
                  latencies_.text());
    report_.set("resolve/ok", ok_);
    report_.set("resolve/failed", failed_);
    report_.set("resolve/rounds", rounds_);
    report_.set("resolve/round", all ? "ok" : "failed");
    report_.set("resolve/last-round",
                std::to_string(found) + " of " + std::to_string(questions_.size()));
    report_.set("resolve/microseconds", latencies_.percentile(50));
    if (options_.repeat) next_round_ = std::max(now, round_began_ + *options_.repeat);
}

rt::Instant ResolveTask::run(rt::Instant now) {
    if (waiting_ == 0 && now >= next_round_) begin_round(now);
    rt::Instant next = next_round_;
    for (auto& question : questions_) {
        if (question.done) continue;
        if (now >= question.last_sent + options_.timeout) {
            if (question.tries >= options_.tries) {
                finish(question, false, "no answer", now);
                continue;
            }
            ask(question, now);
        }
        next = std::min(next, question.last_sent + options_.timeout);
    }
    return std::min(next, next_round_);
}

}  // namespace stemma::probe
