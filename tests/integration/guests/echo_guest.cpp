#include <cstddef>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "net/arp_packet.hpp"
#include "net/byte_order.hpp"
#include "net/ethernet.hpp"
#include "net/text.hpp"
#include "rt/arguments.hpp"
#include "rt/guest.hpp"
#include "rt/store.hpp"

// The smallest guest, by which the edge is tested whole: it sends each frame back with the
// addresses exchanged, says when it is ready, and on demand breaks a rule of its sandbox.
//   misbehave=open     opens a file        misbehave=memory   takes memory without end
//   table=MEGABYTES    takes that much, and touches it, before it is ready
namespace {

using namespace stemma;

class Echo final : public rt::Guest, rt::FrameSink {
  public:
    explicit Echo(const rt::Environment& environment) : environment_(environment) {}

    bool configure() {
        constexpr std::string_view known[] = {"misbehave", "table"};
        const auto arguments = rt::Arguments::parse(environment_.arguments, known);
        if (!arguments) {
            environment_.console.line(arguments.error());
            return false;
        }
        if (const auto table = arguments->get("table")) {
            const auto megabytes = net::parse_number(*table, 1024);
            if (!megabytes) return false;
            table_.assign(*megabytes << 20, std::byte{1});
        }
        misbehave_ = arguments->get("misbehave").value_or("");
        environment_.console.line("echo: " + std::to_string(environment_.ports.size()) +
                                  " ports, state of " +
                                  std::to_string(environment_.saved_state.size()) + " bytes");
        return true;
    }

    rt::Instant run(rt::Instant) override {
        if (!asked_)
            asked_ = environment_.store.write(
                "data/ready", "1", [this](rt::StoreResult result) { ready_ = result.has_value(); });
        for (auto* const port : environment_.ports) {
            port_ = port;
            port->receive(*this, 64);
            port->flush();
        }
        return rt::Instant::never();
    }
    bool ready() const override { return ready_; }

  private:
    void frame(std::span<std::uint8_t> bytes) override {
        const auto header = net::EthernetHeader::read(bytes);
        if (!header || header->source.is_group()) return;
        if (misbehave_ == "open") stolen_ = std::fopen("/etc/passwd", "r");
        if (misbehave_ == "memory") {
            while (true)
                taken_.push_back(std::make_unique<std::byte[]>(1 << 20));
        }
        const auto room = port_->reserve(bytes.size());
        if (room.empty()) return;
        std::copy(bytes.begin(), bytes.end(), room.begin());
        net::EthernetHeader{header->source, port_->mac(), header->type}.write(
            room.first<net::EthernetHeader::size>());
        port_->send_reserved(bytes.size());
    }

    rt::Environment environment_;
    std::string misbehave_;
    rt::Port* port_ = nullptr;
    bool asked_ = false;
    bool ready_ = false;
    std::vector<std::byte> table_;
    std::vector<std::unique_ptr<std::byte[]>> taken_;
    std::FILE* stolen_ = nullptr;  // never reached: the system call filter ends the process first
};

}  // namespace

namespace stemma::rt {

std::unique_ptr<Guest> make_guest(const Environment& environment) {
    auto guest = std::make_unique<Echo>(environment);
    if (!guest->configure()) return nullptr;
    return guest;
}

}  // namespace stemma::rt
