#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <set>
#include <string>

#include "xenstored/descriptor.hpp"

namespace stemma::xenstored {

// Descriptors that are to outlive the process lie with the service manager: systemd, if the unit's
// FileDescriptorStoreMax allows it, or our Keeper. sd_pid_notify_with_fds(3), sd_listen_fds(3).
//
// Nothing here waits, but for forget(): what the manager does not take at once is kept in a queue,
// and flush() tries again. Without a manager nothing is stored.
class DescriptorStore {
  public:
    DescriptorStore() = default;
    // The manager that $NOTIFY_SOCKET names, and what it held for us. Clears LISTEN_* in the
    // environment.
    static DescriptorStore from_environment();

    // Whether there is a manager to store with; one that has ended is found out by the next
    // message.
    bool is_there() const { return static_cast<bool>(socket_); }

    // Whether it held anything: this process is not the first.
    bool has_held() const { return had_any_; }
    // One that was held, and still is; none if there is none of that name.
    Descriptor take(const std::string& name);
    // Of a kind, "KIND.": each name's rest, with its descriptor.
    std::map<std::string, Descriptor> take_all(const std::string& kind);
    // Those that nobody took are removed.
    void drop_rest();

    // From now on the manager holds it, too, under a name that no other has.
    void store(const std::string& name, int descriptor);
    void remove(const std::string& name);
    // Nothing is held any more, and nothing will be. Waits for a manager that takes no message
    // for a second at most: the process ends, or becomes another program.
    void forget();

    // Whether flush() has something to do.
    bool waits() const { return !queue_.empty(); }
    void flush();

  private:
    struct Message {
        std::string text;
        Descriptor descriptor;
    };

    // False if it has to wait.
    bool send(const std::string& text, int descriptor);
    void post(std::string text, int descriptor);

    Descriptor socket_;  // connected to the manager
    std::map<std::string, Descriptor> held_;
    std::set<std::string> stored_;
    bool had_any_ = false;
    std::deque<Message> queue_;
};

}  // namespace stemma::xenstored
