#pragma once

#include <optional>
#include <string_view>

#include "toolstack/platform.hpp"
#include "toolstack/store.hpp"

namespace stemma::toolstack {

enum class EndRequest { poweroff, reboot };
// The word for it in control/shutdown.
std::string_view name(EndRequest request);

// Asks a domain, whoever made it, to end by itself (docs/misc/xenstore-paths.pandoc:
// control/shutdown and the features beside it), and sees to it that it does.
class GuestEnd {
  public:
    // All three must outlive it.
    GuestEnd(Store& store, Platform& platform, const DomainInfo& domain)
        : store_(store), platform_(platform), domain_(domain) {}
    ~GuestEnd();
    GuestEnd(const GuestEnd&) = delete;
    GuestEnd& operator=(const GuestEnd&) = delete;

    // Returns when the guest has taken the request. Refused, and nothing written, of a domain that
    // does not run, of a guest that has not said that it can, and of a reboot that nobody would
    // answer. After the deadline the request stays, as libxl leaves it: a guest may be slow.
    Result<void> ask(EndRequest request, Deadline deadline);

    enum class Outcome {
        gone,   // and nothing of it is left
        ended,  // it is another toolstack's to remove
    };
    // What nobody answers is answered here: the domain is removed, as the agent would.
    Result<Outcome> wait(Deadline deadline);

  private:
    Result<void> watch();
    // Nothing when it is not there any more.
    Result<std::optional<DomainInfo>> look();

    Store& store_;
    Platform& platform_;
    const DomainInfo& domain_;
    bool watching_ = false;
};

}  // namespace stemma::toolstack
