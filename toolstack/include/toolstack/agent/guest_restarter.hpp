#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <string>

#include "toolstack/agent/event_loop.hpp"

namespace stemma::toolstack {

// Makes guests anew that ended and are to go on, as an operator would: by `stemma create`. One that
// ends three times in a row within ten seconds of its start is let be, and the log says so.
class GuestRestarter {
  public:
    using Log = std::function<void(const std::string&)>;

    GuestRestarter(EventLoop& loop, Log log) : loop_(loop), log_(std::move(log)) {}

    // `lived` is how long the guest ran.
    void restart(const std::string& name, std::chrono::steady_clock::duration lived);

  private:
    EventLoop& loop_;
    Log log_;
    std::map<std::string, int> quick_ends_;  // in a row
};

}  // namespace stemma::toolstack
