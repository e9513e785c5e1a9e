#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>

#include "toolstack/agent/event_loop.hpp"
#include "xs_wire/message.hpp"
#include "xs_wire/path.hpp"

namespace stemma::toolstack {

// Has xenstored save the network state of guests (CONTROL save-guest), over a connection of its
// own so that waiting for a disk holds up nothing else: once a second while it changes, and at the
// end. A change is learnt by a watch that is taken away at its first event and set again at the
// next second, so that a guest that writes all the time costs the events of one instant a second.
//
// One save of a guest is on its way at a time; a failed one counts as done, and is told.
class StateSaver {
  public:
    using Log = std::function<void(const std::string&)>;

    StateSaver(EventLoop& loop, std::string socket, Log log,
               std::chrono::milliseconds interval = std::chrono::seconds(1));
    ~StateSaver();
    StateSaver(const StateSaver&) = delete;
    StateSaver& operator=(const StateSaver&) = delete;

    // From now on the guest's data/net is saved under `name` while it changes.
    void follow(xs::DomainId domain, const std::string& name);
    // Saves once more, calls `done` when that is durable, has failed or took over ten seconds, and
    // forgets the guest. `done` may be called from within.
    void finish(xs::DomainId domain, const std::string& name, std::function<void()> done);
    void forget(xs::DomainId domain);

  private:
    struct Guest {
        std::string name;
        bool changed = true;     // since the last save began
        bool watched = false;    // a watch stands, or its request is on the way
        bool initial = false;    // the event that every new watch fires has still to come
        std::uint32_t save = 0;  // the request on its way; 0: none
        std::function<void()> done;
        EventLoop::TimerId limit = 0;
    };

    static constexpr std::size_t output_max = 1u << 20;

    void tick();
    bool connect();
    void lost(const std::string& why);
    void readable();
    void take(const xs::Header& header, const std::string& payload);
    void flush();
    std::uint32_t send(xs::MessageType type, std::string_view payload);
    void watch(xs::DomainId domain, Guest& guest);
    void save(xs::DomainId domain, Guest& guest);
    void finished(xs::DomainId domain);

    EventLoop& loop_;
    std::string path_;
    Log log_;
    std::chrono::milliseconds interval_;
    Descriptor socket_;
    std::string input_;
    std::string output_;
    std::uint32_t next_request_ = 1;
    std::map<xs::DomainId, Guest> guests_;
    std::set<std::string> told_;  // names whose failure the log holds already
    EventLoop::TimerId tick_ = 0;
};

}  // namespace stemma::toolstack
