// Answers a CPU second of the whole DNS guest on a port in memory: Ethernet, IPv4 and UDP with
// their checksums, the responder, and the reply's headers, but no kernel. What the responder alone
// takes is bench_dns_responder's to say. Usage: bench_dns_guest [seconds]

#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <random>

#include "../../../unit/guests/dns/query_bytes.hpp"
#include "../../../unit/guests/dns/zone_in_store.hpp"
#include "../../../unit/guests/net/frames.hpp"
#include "../../../unit/guests/net/test_port.hpp"
#include "rt/guest.hpp"

namespace {

using namespace stemma;
using net::test::ip;
using net::test::mac;

// CPU seconds of this process: what others do at the same time is not in it.
double cpu_seconds() {
    timespec now{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

// Hands out the same frames again and again, and throws away what is sent.
class EndlessPort final : public rt::Port {
  public:
    std::vector<std::vector<std::uint8_t>> frames;
    std::size_t sent = 0;

    net::MacAddress mac() const override { return ::mac(53); }
    std::size_t mtu() const override { return 1500; }
    std::size_t receive(rt::FrameSink& sink, std::size_t budget) override {
        for (std::size_t i = 0; i < budget && !frames.empty(); ++i)
            sink.frame(frames[next_++ % frames.size()]);
        return frames.empty() ? 0 : budget;
    }
    std::span<std::uint8_t> reserve(std::size_t size) override {
        return std::span(slot_).first(size);
    }
    void send_reserved(std::size_t) override { ++sent; }
    void flush() override {}

  private:
    std::size_t next_ = 0;
    std::array<std::uint8_t, 1514> slot_{};
};

class Silent final : public rt::Console {
  public:
    void line(std::string_view) override {}
};

}  // namespace

int main(int argc, char** argv) {
    const double seconds = argc > 1 ? std::atof(argv[1]) : 1;
    constexpr unsigned names = 10000;
    EndlessPort port;
    rt::Port* const ports[] = {&port};
    net::test::TestClock clock;
    net::test::TestEntropy entropy;
    Silent console;
    rt::FakeStore store;
    std::string text = dns_test::small_zone("10.0.0.53");
    for (unsigned i = 0; i < names; ++i)
        text.append("host").append(std::to_string(i)).append(" A 10.3.0.1\n");
    dns_test::put_zone(store, text, "1", 1900);
    const auto guest = rt::make_guest({ports,
                                       clock,
                                       entropy,
                                       console,
                                       store,
                                       "address=vif0,10.0.0.53/24 zone=/stemma/zones/example_2eorg",
                                       {}});
    for (int i = 0; i < 1000 && !store.value("data/ready"); ++i) {
        guest->run(clock.now());
        store.run();
        clock.advance(rt::Duration::milliseconds(100));
    }
    if (!store.value("data/ready")) return 1;

    std::mt19937 random(1);
    for (unsigned i = 0; i < 20000; ++i) {
        const net::test::Peers client{mac(53),
                                      mac(2),
                                      {ip("10.0.0.53"), 53},
                                      {ip("10.0.0.2"), static_cast<std::uint16_t>(1024 + i)}};
        const std::string name = "host" + std::to_string(random() % names) + ".example.org";
        port.frames.push_back(net::test::udp_frame(client, dns_test::make_query(name, 1)));
    }
    port.sent = 0;
    const double start = cpu_seconds();
    double spent = 0;
    while (spent < seconds) {
        for (int i = 0; i < 100; ++i)
            guest->run(clock.now());
        spent = cpu_seconds() - start;
    }
    std::printf("whole guest, 10,000 names, A: %.0f answers/CPU s, %.1f ns each\n",
                static_cast<double>(port.sent) / spent,
                spent * 1e9 / static_cast<double>(port.sent));
    return 0;
}
