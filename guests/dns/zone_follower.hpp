#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "dns/zone_loader.hpp"
#include "rt/entropy.hpp"
#include "rt/store.hpp"
#include "rt/time.hpp"

namespace stemma::dns {

// A zone that was read whole and found good.
struct FollowedZone {
    CheckedZone checked;
    std::string serial;  // of the store's copy; not the SOA's
};

// A zone's copy in the store that cannot be served.
struct RefusedZone {
    std::string serial;  // empty when there is none
    std::string cause;   // with the line, where there is one
};

// Reads a zone from XenStore, PATH/{origin,serial,count,chunks/NNNN}, and again whenever its serial
// changes. The chunks are not read in a transaction, which a busy store could fail for ever, but
// the serial is read before and after them: when it changed meanwhile, or the watch spoke, all is
// read again, and errors that such a mixture had are nobody's. Each copy is reported once.
class ZoneFollower {
  public:
    static constexpr std::size_t chunks_max = 4096;    // of under 2,000 bytes
    static constexpr std::size_t chunks_at_once = 16;  // asked for and not yet answered
    static constexpr rt::Duration retry_after = rt::Duration::milliseconds(100);

    // Handlers in `store` keep pointers to the follower: it stays where it is.
    ZoneFollower(rt::Store& store, rt::Entropy& entropy, std::string_view path);
    ZoneFollower(const ZoneFollower&) = delete;
    ZoneFollower& operator=(const ZoneFollower&) = delete;

    // Called from Guest::run(); the moment to be called again even if nothing happens.
    rt::Instant run(rt::Instant now);

    // What came of the last copy, to be taken once.
    std::optional<FollowedZone> take_zone() { return std::exchange(zone_, std::nullopt); }
    std::optional<RefusedZone> take_refusal() { return std::exchange(refusal_, std::nullopt); }

    // Times a copy changed while it was read.
    std::uint64_t rereads() const { return rereads_; }

  private:
    enum class State { idle, head, chunks, check };
    // What the store holds at a node: its value, or why there is none.
    struct Reading {
        std::string value;
        std::optional<rt::StoreError> error;
    };

    bool watch();
    void step(rt::Instant now);
    bool read(std::string_view name, Reading& into);
    void start(rt::Instant now);
    void look_at_head();
    void ask_for_chunks();
    void take_chunk(std::size_t number, rt::StoreResult result);
    void check(rt::Instant now);
    void fail(std::string cause);
    void settle();

    rt::Store& store_;
    rt::Entropy& entropy_;
    std::string path_;
    std::optional<rt::WatchId> watch_;
    bool changed_ = false;  // since the reading began
    rt::Instant not_before_{INT64_MIN};

    State state_ = State::idle;
    std::size_t outstanding_ = 0;  // requests without an answer yet
    Reading serial_, count_, origin_, serial_after_;
    std::optional<ZoneLoader> loader_;
    std::size_t chunk_count_ = 0;
    std::size_t chunks_asked_ = 0;
    std::optional<std::string> failure_;  // of this reading
    std::optional<std::string> settled_;  // serial of the last copy that was reported
    std::uint64_t rereads_ = 0;

    std::optional<FollowedZone> zone_;
    std::optional<RefusedZone> refusal_;
};

}  // namespace stemma::dns
