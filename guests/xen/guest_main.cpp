// A guest as a Xen image: the same rt::make_guest() that the Linux process calls.
#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "net/text.hpp"
#include "rt/guest.hpp"
#include "rt/shutdown_request.hpp"
#include "xen/chacha_entropy.hpp"
#include "xen/console_ring.hpp"
#include "xen/grant_table.hpp"
#include "xen/hypercall.hpp"
#include "xen/netfront.hpp"
#include "xen/panic.hpp"
#include "xen/pv_clock.hpp"
#include "xen/start.hpp"
#include "xen/store_link.hpp"
#include "xen/xen_stats.hpp"

namespace stemma::xen {

namespace {

constexpr unsigned vifs_max = 7;
constexpr rt::Duration interfaces_told = rt::Duration::seconds(10);

// Everything but the guest, and the one place where it sleeps.
class Edge {
  public:
    Edge(const BootInformation& boot, ConsoleRing& console, const StoreRing& ring,
         GrantTable grants)
        : boot_(boot),
          console_(console),
          link_(ring),
          grants_(std::move(grants)),
          shutdown_(link_.store()),
          stats_(link_.store()) {
        if (!gather(entropy_, boot.seed).any()) panic("this machine has no source of entropy");
    }

    [[noreturn]] void run() {
        shutdown_.begin();
        find_interfaces();
        std::vector<rt::Port*> ports;
        for (const auto& interface : interfaces_)
            ports.push_back(interface.get());
        const auto guest = rt::make_guest(
            {ports, clock_, entropy_, console_, link_.store(), boot_.command_line, boot_.module});
        if (guest == nullptr) shut_down(SHUTDOWN_crash);
        for (;;) {
            const rt::Instant now = clock_.now();
            const rt::Instant wake = guest->run(now);
            if (!stats_.is_ready() && guest->ready()) stats_.ready(since_entry());
            turn(std::min(wake, stats_.run(now, frames())));
        }
    }

  private:
    static std::uint64_t since_entry() {
        return ticks_in_nanoseconds(static_cast<std::uint64_t>(__builtin_ia32_rdtsc()) -
                                    entry_ticks);
    }

    std::uint64_t frames() const {
        std::uint64_t sum = 0;
        for (const auto& interface : interfaces_)
            sum += interface->counters().received + interface->counters().sent;
        return sum;
    }

    void turn(rt::Instant wake) {
        for (const auto& interface : interfaces_)
            interface->flush();
        const bool more = link_.pump();
        if (!std::exchange(asked_, true)) stats_.first_request(since_entry());
        if (const auto end = shutdown_.wanted()) {
            shut_down(*end == rt::WantedEnd::reboot ? SHUTDOWN_reboot : SHUTDOWN_poweroff);
        }
        tell_closed_interfaces();
        // No short circuit: each interface has to be asked to notify.
        bool received = more;
        for (const auto& interface : interfaces_)
            received = interface->arm() || received;
        if (!received) sleep(wake);
    }

    void sleep(rt::Instant wake) {
        channels_.assign(1, link_.port());
        for (const auto& interface : interfaces_)
            if (const auto channel = interface->event_channel()) channels_.push_back(*channel);
        if (wake > clock_.now()) {
            const auto deadline = wake == rt::Instant::never() ? 0 : wake.nanoseconds;
            sleep_until(channels_, static_cast<std::uint64_t>(deadline));
        }
        for (const xen::Port channel : channels_)
            take_pending(channel);
    }

    // The toolstack wrote the interfaces before it started us; their backends may come later.
    void find_interfaces() {
        bool listed = false;
        link_.store().directory("device/vif", [&](rt::StoreResult result) {
            listed = true;
            if (!result) return;
            std::vector<unsigned> numbers;
            std::string_view names = *result;
            while (const auto name = rt::next_name(names)) {
                const auto number = net::parse_number(*name, vifs_max);
                if (number) numbers.push_back(static_cast<unsigned>(*number));
            }
            std::ranges::sort(numbers);
            for (const unsigned number : numbers) {
                interfaces_.push_back(std::make_unique<NetFront>(number, link_.store(), grants_));
                interfaces_.back()->begin();
            }
        });
        const rt::Instant told = clock_.now() + interfaces_told;
        bool complained = false;
        while (!listed || std::ranges::any_of(interfaces_, [](const auto& one) {
            return one->state() == NetFront::State::reading ||
                   one->state() == NetFront::State::waiting;
        })) {
            if (!complained && clock_.now() >= told) {
                complained = true;
                for (std::size_t i = 0; i < interfaces_.size(); ++i) {
                    if (interfaces_[i]->state() == NetFront::State::connected) continue;
                    console_.line("vif " + std::to_string(i) + " waits for " +
                                  interfaces_[i]->trouble());
                }
            }
            if (!link_.store().connected()) panic("XenStore cannot be used");
            turn(complained ? rt::Instant::never() : told);
        }
    }

    void tell_closed_interfaces() {
        closed_told_.resize(interfaces_.size());
        for (std::size_t i = 0; i < interfaces_.size(); ++i) {
            if (closed_told_[i] || interfaces_[i]->state() != NetFront::State::closed) continue;
            closed_told_[i] = true;
            console_.line("vif " + std::to_string(i) + " is closed: " + interfaces_[i]->trouble());
        }
    }

    const BootInformation& boot_;
    ConsoleRing& console_;
    StoreLink link_;
    GrantTable grants_;
    PvClock clock_;
    ChaChaEntropy entropy_;
    rt::ShutdownRequest shutdown_;
    XenStats stats_;
    bool asked_ = false;  // the store, for the first time
    std::vector<std::unique_ptr<NetFront>> interfaces_;
    std::vector<xen::Port> channels_;
    std::vector<bool> closed_told_;
};

}  // namespace

void image_main(const BootInformation& boot) {
    ConsoleRing console;
    const auto ring = StoreRing::find();
    if (!ring) panic("no XenStore ring");
    auto grants = GrantTable::map();
    if (!grants) panic("Xen gave no grant table");
    Edge edge(boot, console, *ring, std::move(*grants));
    edge.run();
}

}  // namespace stemma::xen
