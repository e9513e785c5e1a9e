#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rt/clock.hpp"
#include "rt/console.hpp"
#include "rt/entropy.hpp"
#include "rt/guest.hpp"
#include "self_test/datagram.hpp"
#include "self_test/memory_port.hpp"
#include "self_test/memory_store.hpp"

namespace stemma::self_test {

// Moved on by hand, so that a guest's timers are due when the test says so.
class HandClock final : public rt::Clock {
  public:
    rt::Instant now() override { return {elapsed_.nanoseconds}; }
    rt::UtcSeconds utc() override { return {1'700'000'000 + elapsed_.whole_seconds()}; }
    void advance(rt::Duration by) { elapsed_ = elapsed_ + by; }

  private:
    rt::Duration elapsed_ = rt::Duration::seconds(1);
};

// What a guest told its operator.
class Lines final : public rt::Console {
  public:
    void line(std::string_view text) override { text_.append(text).push_back('\n'); }
    bool has(std::string_view part) const { return text_.find(part) != std::string::npos; }

  private:
    std::string text_;
};

// rt::make_guest()'s guest between neighbours in memory. On the link of each port every address
// that the guest asks for by ARP is there, at one MAC.
class GuestRig {
  public:
    static constexpr std::size_t ports_max = 2;

    GuestRig(rt::Entropy& entropy, std::size_t ports, std::string_view arguments);

    MemoryStore& store() { return store_; }
    const Lines& console() const { return console_; }

    // Starts the guest with what the store holds; false when it refuses its arguments.
    bool start();
    // Hands the guest a datagram that arrives on a port.
    void send(std::size_t port, const Datagram& datagram);
    // Runs guest and store for `turns` milliseconds of its time.
    void run(int turns = 100);
    // Of the time stamp counter, in which the guest itself ran since the last call.
    std::uint64_t take_ticks() { return std::exchange(ticks_, 0); }
    // The datagrams that went out on a port since the last call; what is no whole UDP datagram is
    // given as an empty one.
    std::vector<Datagram> take(std::size_t port);

  private:
    void carry(std::size_t port);

    HandClock clock_;
    rt::Entropy& entropy_;
    Lines console_;
    MemoryStore store_;
    std::vector<std::unique_ptr<MemoryPort>> ports_;
    std::vector<rt::Port*> port_pointers_;
    std::string arguments_;
    std::array<std::vector<Datagram>, ports_max> sent_;
    std::unique_ptr<rt::Guest> guest_;
    std::uint64_t ticks_ = 0;
};

}  // namespace stemma::self_test
