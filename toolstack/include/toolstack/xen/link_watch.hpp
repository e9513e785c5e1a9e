#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "toolstack/netlink_links.hpp"

namespace stemma::toolstack {

// Waits for links that somebody else makes or removes, as netback does with a vif, by the kernel's
// own word: nothing is run, and nothing is asked again and again.
class LinkWatch {
  public:
    using Deadline = std::chrono::steady_clock::time_point;

    // Hears of changes from now on.
    static Result<std::unique_ptr<LinkWatch>> open(NetlinkLinks& links);
    ~LinkWatch();
    LinkWatch(const LinkWatch&) = delete;
    LinkWatch& operator=(const LinkWatch&) = delete;

    // Until there is a link of that name, or none: false when the deadline comes first.
    Result<bool> wait(const std::string& name, bool present, Deadline deadline);

  private:
    LinkWatch(NetlinkLinks& links, nl_sock* socket) : links_(links), socket_(socket) {}

    NetlinkLinks& links_;
    nl_sock* socket_;
};

}  // namespace stemma::toolstack
