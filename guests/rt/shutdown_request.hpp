#pragma once

#include <optional>
#include <string_view>

#include "rt/store.hpp"

namespace stemma::rt {

enum class WantedEnd { poweroff, reboot };
// The word for it in control/shutdown.
std::string_view to_string(WantedEnd end);

// control/shutdown, by which a toolstack asks a guest to end (docs/misc/xenstore-paths.pandoc): the
// request is acknowledged by writing it empty, and obeyed when that has been answered.
class ShutdownRequest {
  public:
    // `store` must outlive it.
    explicit ShutdownRequest(Store& store) : store_(&store) {}
    ShutdownRequest(const ShutdownRequest&) = delete;
    ShutdownRequest& operator=(const ShutdownRequest&) = delete;

    // Says that the guest can, and begins to listen.
    void begin();
    // How the guest is to end, once it is time.
    std::optional<WantedEnd> wanted() const { return wanted_; }

  private:
    void look();

    Store* store_;
    std::optional<WantedEnd> wanted_;
};

}  // namespace stemma::rt
