#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>

#include "rt/store_client.hpp"
#include "unix/edge_error.hpp"
#include "xs_wire/ring.hpp"

namespace stemma::hosted {

// Carries a StoreClient's bytes over the hosted XenStore ring: the shared page is a memfd, the
// event channel a pair of eventfds.
class StoreLink {
  public:
    // Maps the page. The descriptors stay the caller's.
    static std::expected<StoreLink, EdgeError> open(int ring, int event_in, int event_out);

    StoreLink(StoreLink&& other) noexcept;
    StoreLink& operator=(StoreLink&&) = delete;
    ~StoreLink();

    // Moves bytes both ways until neither can or a bound is reached, calling the client's handlers,
    // and wakes the server when any moved. True when handlers may have been called, or there is
    // more to move.
    bool pump();
    // event_in became readable: takes the wake-up, so that the next one is seen.
    void take_event();

    rt::StoreClient& store() { return *store_; }
    int event_in() const { return event_in_; }

  private:
    StoreLink(std::byte* page, int event_in, int event_out);

    std::byte* page_;
    xs::RingEnd ring_;
    int event_in_;
    int event_out_;
    std::unique_ptr<rt::StoreClient> store_;  // others keep its address
};

}  // namespace stemma::hosted
