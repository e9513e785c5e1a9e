#pragma once

#include <optional>

#include "rt/store.hpp"

namespace stemma::xen {

// control/shutdown, by which a toolstack asks a guest to end (docs/misc/xenstore-paths.pandoc): the
// request is acknowledged by writing it empty, and obeyed when that has been answered.
class ShutdownRequest {
  public:
    // `store` must outlive it.
    explicit ShutdownRequest(rt::Store& store) : store_(&store) {}
    ShutdownRequest(const ShutdownRequest&) = delete;
    ShutdownRequest& operator=(const ShutdownRequest&) = delete;

    // Says that the guest can, and begins to listen.
    void begin();
    // SHUTDOWN_poweroff or SHUTDOWN_reboot once it is time.
    std::optional<unsigned> wanted() const { return wanted_; }

  private:
    void look();

    rt::Store* store_;
    std::optional<unsigned> wanted_;
};

}  // namespace stemma::xen
