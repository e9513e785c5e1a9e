#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "xenstored/answer.hpp"
#include "xenstored/connection_id.hpp"
#include "xenstored/laps.hpp"
#include "xenstored/migration_stream.hpp"
#include "xenstored/out_queue.hpp"
#include "xenstored/poller.hpp"
#include "xenstored/program_probe.hpp"
#include "xs_wire/message.hpp"

namespace stemma::xenstored {

class Server;

// What is to be done.
struct LiveUpdateOrder {
    std::string program;
    std::optional<std::vector<std::string>> arguments;  // in place of those of this process
    bool to_ours = false;
    std::uint32_t version = 1;  // of the stream, for C
    ConnectionId client;        // is answered by the next program
    xs::Header request;
    Laps waits;  // before it went ahead, while everybody was served
};

// How far it has come.
struct LiveUpdateSession {
    LiveUpdateOrder order;
    bool force = false;
    std::chrono::seconds timeout{0};
    bool started = false;
    Moment began;
    bool is_known = false;  // what the program is
    bool was_clear = false;
    std::optional<ProgramProbe> probe;
};

// `xenstore-control live-update`, as the stock client drives C: "-f FILE", maybe "-c ARGUMENTS",
// then "-s [-t SECONDS] [-F] [-v VERSION]", which is answered "OK" by the program that took over,
// or by a reason why none did; "-a" gives up. One session at a time, which ends with its client.
//
// From "-s" on no client that has no transaction open may start one. It goes ahead when none is
// open; after the timeout it is refused with the names of those who have them open, or, by "-F",
// goes ahead all the same: these transactions end in EAGAIN (with C: are forgotten). What-if
// branches go with ours; with C they are lost, so that needs "-F", too.
class LiveUpdate {
  public:
    using Order = LiveUpdateOrder;
    // Makes this process that program: returns only if it cannot be, with the reason.
    using Become = std::function<std::string(const Order&)>;
    // Asks for all history to be on disk. False while it is not; called until it is.
    using Settle = std::function<bool()>;

    // The whole reply by which a client is told that it went well.
    static std::string success(const xs::Header& request);

    LiveUpdate(Server& server, Poller& poller, Become become, Settle settle);

    // One request of that name; nothing if the answer comes later.
    std::optional<Answer> command(ConnectionId client, const xs::Header& request,
                                  const std::vector<std::string_view>& arguments);

    // For the loop: the probed program said something; call step() after each turn and flush, and
    // when the deadline has come.
    void probe_ready();
    Moment next_deadline() const;
    void step();

  private:
    Answer name_program(ConnectionId client, std::string_view program);
    Answer set_arguments(ConnectionId client, std::string_view arguments);
    std::optional<Answer> start(ConnectionId client, const xs::Header& request,
                                const std::vector<std::string_view>& arguments);
    Answer give_up();
    void end();
    void fail(std::string reason);
    bool is_clear() const;
    std::string who_is_in_the_way() const;
    std::string who_is_being_built() const;
    std::string branches_that_go() const;

    Server* server_;
    Poller* poller_;
    Become become_;
    Settle settle_;
    std::optional<LiveUpdateSession> session_;
};

}  // namespace stemma::xenstored
