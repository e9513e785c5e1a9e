#include "unix/store_link.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <utility>

namespace stemma::hosted {

namespace {
// Of one pump(), each up to a ring's length: a server that never stops must not keep the guest from
// its packets.
constexpr int rounds_max = 16;
}  // namespace

std::expected<StoreLink, EdgeError> StoreLink::open(int ring, int event_in, int event_out) {
    void* const page =
        mmap(nullptr, xs::ring_page::size, PROT_READ | PROT_WRITE, MAP_SHARED, ring, 0);
    if (page == MAP_FAILED) {
        return std::unexpected(EdgeError::from_errno("mapping the XenStore page of descriptor " +
                                                     std::to_string(ring)));
    }
    return StoreLink(static_cast<std::byte*>(page), event_in, event_out);
}

StoreLink::StoreLink(std::byte* page, int event_in, int event_out)
    : page_(page),
      ring_(page, xs::RingEnd::Side::client),
      event_in_(event_in),
      event_out_(event_out),
      store_(std::make_unique<rt::StoreClient>()) {}

StoreLink::StoreLink(StoreLink&& other) noexcept
    : page_(std::exchange(other.page_, nullptr)),
      ring_(other.ring_),
      event_in_(other.event_in_),
      event_out_(other.event_out_),
      store_(std::move(other.store_)) {}

StoreLink::~StoreLink() {
    if (page_ != nullptr) munmap(page_, xs::ring_page::size);
}

bool StoreLink::pump() {
    if (!store_->connected()) return false;
    bool received = false;
    bool moved = true;
    bool moved_any = false;
    for (int round = 0; moved && round < rounds_max && store_->connected(); ++round) {
        moved = false;
        std::array<std::byte, xs::ring_page::ring_size> bytes;
        const auto got = ring_.read(bytes);
        if (got && *got > 0) {
            moved = received = true;
            store_->receive(std::span(bytes).first(*got));
        }
        const auto put = ring_.write(store_->output());
        if (put && *put > 0) {
            moved = true;
            store_->sent(*put);
        }
        if (!got || !put) {
            store_->connection_lost();
            received = true;
        }
        moved_any = moved_any || moved;
    }
    if (moved_any) {
        const std::uint64_t one = 1;
        // only a counter at its maximum could refuse, and then the server has its wake-up already
        [[maybe_unused]] const auto written = write(event_out_, &one, sizeof one);
    }
    return received || moved;
}

void StoreLink::take_event() {
    std::uint64_t count;
    [[maybe_unused]] const auto got = read(event_in_, &count, sizeof count);
}

}  // namespace stemma::hosted
