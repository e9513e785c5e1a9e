#include "unix/store_link.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <utility>

#include "rt/store_pump.hpp"

namespace stemma::hosted {

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
    const rt::Pumped pumped = rt::pump(ring_, *store_);
    if (pumped.moved) {
        const std::uint64_t one = 1;
        // only a counter at its maximum could refuse, and then the server has its wake-up already
        [[maybe_unused]] const auto written = write(event_out_, &one, sizeof one);
    }
    return pumped.again;
}

void StoreLink::take_event() {
    std::uint64_t count;
    [[maybe_unused]] const auto got = read(event_in_, &count, sizeof count);
}

}  // namespace stemma::hosted
