#pragma once

#include <memory>
#include <optional>

#include "xenstored/connection.hpp"
#include "xenstored/hypervisor.hpp"
#include "xs_wire/ring.hpp"

namespace stemma::xenstored {

// A domain's ring. The page is the domain's to scribble on: RingEnd believes none of it.
class RingTransport final : public Transport {
  public:
    enum class Begin {
        empty,     // both rings are emptied: INTRODUCE
        as_it_is,  // requests may wait already: a domain that was there before the daemon
        again,     // another daemon was in the middle of serving it: it is only notified, for what
                   // it rang in between was lost
    };

    // Says which features the domain may use, and that it is connected.
    // `left_at`: where another daemon remembers that it left the rings (Begin::again).
    RingTransport(std::unique_ptr<DomainChannel> channel, std::uint32_t features, Begin begin,
                  const std::optional<RingIndexes>& left_at = std::nullopt);

    std::expected<std::size_t, End> read(std::span<std::byte> room) override;
    std::expected<std::size_t, End> write(
        std::span<const std::span<const std::byte>> parts) override;
    void interest(bool, bool) override {}  // every notification is taken
    void finish_turn() override;
    bool is_ring() const override { return true; }
    bool has_input() const override;
    bool wants_restart() override;
    void restart() override;
    void report(xs::RingError error) override;
    std::optional<RingIndexes> indexes() const override;
    void publish() override;

  private:
    std::unique_ptr<DomainChannel> channel_;
    xs::RingEnd ring_;
    bool moved_ = false;
    // Both rings are to be emptied at the next publish(), for INTRODUCE or for the domain that
    // asked; until then nothing moves.
    bool begins_anew_ = false;
};

}  // namespace stemma::xenstored
