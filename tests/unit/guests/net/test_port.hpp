#pragma once

#include <deque>
#include <random>
#include <utility>
#include <vector>

#include "bytes.hpp"
#include "net/ipv4_address.hpp"
#include "net/mac_address.hpp"
#include "rt/clock.hpp"
#include "rt/entropy.hpp"
#include "rt/port.hpp"

// What the tests of all guests run them with: a port in memory, a wire between two, a clock set by
// hand, entropy from a seed.
namespace stemma::net::test {

class TestPort final : public rt::Port {
  public:
    explicit TestPort(MacAddress mac, std::size_t mtu = 1500) : mac_(mac), mtu_(mtu) {}

    std::vector<Bytes> sent;      // in order; the test empties it
    std::size_t room = SIZE_MAX;  // frames that reserve() still finds room for
    int flushes = 0;

    void inject(std::span<const std::uint8_t> frame) {
        incoming_.emplace_back(frame.begin(), frame.end());
        incoming_.back().shrink_to_fit();
    }
    std::size_t waiting() const { return incoming_.size(); }
    // The frames sent since the last call.
    std::vector<Bytes> take_sent() { return std::exchange(sent, {}); }

    MacAddress mac() const override { return mac_; }
    std::size_t mtu() const override { return mtu_; }
    std::size_t receive(rt::FrameSink& sink, std::size_t budget) override {
        std::size_t taken = 0;
        for (; taken < budget && !incoming_.empty(); ++taken) {
            auto frame = std::move(incoming_.front());
            incoming_.pop_front();
            sink.frame(frame);
        }
        return taken;
    }
    std::span<std::uint8_t> reserve(std::size_t size) override {
        reserved_.clear();
        if (room == 0 || size > mtu_ + 14) return {};
        reserved_.assign(size, 0xa5);  // a ring's slot holds an old frame
        return reserved_;
    }
    void send_reserved(std::size_t size) override {
        if (room != SIZE_MAX) --room;
        sent.emplace_back(reserved_.begin(), reserved_.begin() + static_cast<std::ptrdiff_t>(size));
    }
    void flush() override { ++flushes; }

  private:
    MacAddress mac_;
    std::size_t mtu_;
    std::deque<Bytes> incoming_;
    Bytes reserved_;
};

// Shares of the frames, 0 to 1.
struct WireFaults {
    double loss = 0;
    double duplication = 0;
    double reordering = 0;  // the frame is carried one deliver() later
};

// Carries what one port sent to the other, badly if so asked.
class Wire {
  public:
    Wire(TestPort& a, TestPort& b, const WireFaults& faults = {}, unsigned seed = 1)
        : a_(a), b_(b), faults_(faults), random_(seed) {}

    bool cut = false;  // everything is lost

    // Whether anything arrived.
    bool deliver() {
        const bool to_b = carry(a_, b_, late_to_b_);
        const bool to_a = carry(b_, a_, late_to_a_);
        return to_a || to_b;
    }

  private:
    bool chance(double share) { return std::uniform_real_distribution<>(0, 1)(random_) < share; }

    bool carry(TestPort& from, TestPort& to, std::vector<Bytes>& late) {
        bool arrived = false;
        auto before = std::exchange(late, {});
        for (auto& frame : from.take_sent()) {
            if (cut || chance(faults_.loss)) continue;
            if (chance(faults_.reordering)) {
                late.push_back(frame);
                continue;
            }
            to.inject(frame);
            if (chance(faults_.duplication)) to.inject(frame);
            arrived = true;
        }
        for (auto& frame : before) {
            if (cut) continue;
            to.inject(frame);
            arrived = true;
        }
        return arrived || !late.empty();
    }

    TestPort& a_;
    TestPort& b_;
    WireFaults faults_;
    std::mt19937 random_;
    std::vector<Bytes> late_to_a_;
    std::vector<Bytes> late_to_b_;
};

class TestClock final : public rt::Clock {
  public:
    rt::Instant monotonic{rt::Duration::seconds(1000).nanoseconds};
    rt::UtcSeconds wall{1'700'000'000};

    rt::Instant now() override { return monotonic; }
    rt::UtcSeconds utc() override { return wall; }
    void advance(rt::Duration by) {
        monotonic = monotonic + by;
        carry_ += by.nanoseconds;
        wall.seconds += carry_ / 1'000'000'000;
        carry_ %= 1'000'000'000;
    }

  private:
    std::int64_t carry_ = 0;
};

class TestEntropy final : public rt::Entropy {
  public:
    explicit TestEntropy(unsigned seed = 1) : random_(seed) {}
    void fill(std::span<std::uint8_t> bytes) override {
        for (auto& byte : bytes)
            byte = static_cast<std::uint8_t>(random_());
    }

  private:
    std::mt19937 random_;
};

}  // namespace stemma::net::test
