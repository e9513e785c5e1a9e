#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "fake_store.hpp"
#include "model_server.hpp"
#include "xs_wire/ring.hpp"

namespace stemma::guest_rig {

// Moves this process into a network namespace of its own, once (with a user namespace where it is
// not root). False where the machine does not allow that; the tests then cannot run.
bool enter_network();

// Runs a command line of iproute2 or ethtool; its exit status.
int run(const std::string& command);

// One port of a guest: a veth pair whose guest end has no address, and a raw socket on the other.
struct Port {
    std::string peer;   // the interface's name on our side
    std::string guest;  // and on the guest's
    std::string mac = "02:16:3e:00:00:01";
    int guest_socket = -1;
    int peer_socket = -1;  // sends and receives frames, sees its own too (PACKET_OUTGOING)

    void send(const std::vector<std::uint8_t>& frame) const;
    // The next frame that came from the guest; nothing within ten seconds.
    std::optional<std::vector<std::uint8_t>> receive() const;
    // The next frame that this side's kernel sent, as it left.
    std::optional<std::vector<std::uint8_t>> sent_by_kernel() const;
};

// How a process ended.
struct End {
    int status = -1;  // exit status, or
    int signal = 0;
};

// A guest process, started as the agent does it, with a XenStore that lives in this process.
class GuestProcess {
  public:
    struct Options {
        std::string program;
        std::string words;
        std::size_t memory_limit = 0;  // RLIMIT_AS in bytes, 0 for none
        std::vector<std::uint8_t> state;
    };
    GuestProcess(const Options& options, const std::vector<Port>& ports);
    ~GuestProcess();  // kills it
    GuestProcess(const GuestProcess&) = delete;

    // Serves the store until the guest has written data/ready; false if it ended before.
    bool wait_until_ready();
    // Serves the store until the guest ends.
    End wait_until_end();
    // What the guest has said so far.
    std::string console();
    // Waits until the process sleeps; its voluntary context switches so far.
    std::uint64_t switches_when_asleep() const;
    // A line of /proc/PID/status, in its own unit.
    std::uint64_t status_number(const std::string& name) const;
    rt::FakeStore& store() { return store_; }
    // Writes an index into the ring that cannot be, and wakes the guest.
    void break_store();

  private:
    void serve_store();
    bool ended();

    pid_t pid_ = -1;
    std::optional<End> end_;
    int ring_ = -1;
    int to_guest_ = -1;
    int to_server_ = -1;
    int console_ = -1;
    std::byte* page_ = nullptr;
    std::optional<xs::RingEnd> end_of_ring_;
    rt::FakeStore store_;
    rt::ModelServer server_{store_};
    std::vector<std::byte> unsent_;
    std::string said_;
};

// `count` ports in this process's network, up and without IPv6.
std::vector<Port> make_ports(std::size_t count);
void remove_ports(const std::vector<Port>& ports);

}  // namespace stemma::guest_rig
