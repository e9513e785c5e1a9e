#include <algorithm>
#include <array>
#include <memory>
#include <string_view>

#include "net/ethernet.hpp"
#include "net/text.hpp"
#include "rt/arguments.hpp"
#include "rt/guest.hpp"
#include "rt/store.hpp"

// What a NAT guest costs before it does anything: copies each frame from one port to the other, by
// the same edge, started in nat's place. It takes nat's words and looks at none of the addresses;
// `rewrite=MAC0,MAC1` gives the destination that frames leaving port 0 and port 1 are sent to (else
// it stays as it came).
namespace {

using namespace stemma;

class Copier final : public rt::Guest {
  public:
    explicit Copier(const rt::Environment& environment) : environment_(environment) {}

    bool configure() {
        constexpr std::string_view known[] = {"outside", "inside", "gateway", "mirror", "rewrite"};
        const auto arguments = rt::Arguments::parse(environment_.arguments, known);
        if (!arguments) {
            environment_.console.line(arguments.error());
            return false;
        }
        if (environment_.ports.size() != 2) {
            environment_.console.line("copier: needs two ports");
            return false;
        }
        const auto rewrite = arguments->get("rewrite");
        for (std::size_t i = 0; i < 2; ++i) {
            directions_[i].from = environment_.ports[i];
            directions_[i].to = environment_.ports[1 - i];
            if (!rewrite) continue;
            const auto text = i == 1 ? rewrite->substr(0, 17)
                                     : rewrite->substr(std::min<std::size_t>(18, rewrite->size()));
            const auto mac = net::parse_mac(text);
            if (!mac) {
                environment_.console.line("copier: rewrite= is not two MAC addresses");
                return false;
            }
            directions_[i].destination = *mac;
            directions_[i].rewrites = true;
        }
        return true;
    }

    rt::Instant run(rt::Instant) override {
        if (!asked_)
            asked_ = environment_.store.write(
                "data/ready", "1", [this](rt::StoreResult result) { ready_ = result.has_value(); });
        for (auto& direction : directions_) {
            direction.from->receive(direction, 64);
            direction.to->flush();
        }
        return rt::Instant::never();
    }
    bool ready() const override { return ready_; }

  private:
    struct Direction final : rt::FrameSink {
        rt::Port* from = nullptr;
        rt::Port* to = nullptr;
        net::MacAddress destination;
        bool rewrites = false;

        void frame(std::span<std::uint8_t> bytes) override {
            if (bytes.size() < net::EthernetHeader::size) return;
            const auto room = to->reserve(bytes.size());
            if (room.empty()) return;
            std::copy(bytes.begin(), bytes.end(), room.begin());
            if (rewrites && (bytes[0] & 1) == 0) {
                net::store_mac(&room[0], destination);
                net::store_mac(&room[6], to->mac());
            }
            to->send_reserved(bytes.size());
        }
    };

    rt::Environment environment_;
    std::array<Direction, 2> directions_;
    bool asked_ = false;
    bool ready_ = false;
};

}  // namespace

namespace stemma::rt {

std::unique_ptr<Guest> make_guest(const Environment& environment) {
    auto guest = std::make_unique<Copier>(environment);
    if (!guest->configure()) return nullptr;
    return guest;
}

}  // namespace stemma::rt
