#pragma once

#include <cstddef>
#include <expected>
#include <map>
#include <string>

#include "store/publisher.hpp"
#include "xs_wire/error.hpp"

namespace stemma::xenstored {

// The last network states of guests, by their names: refs/guests/NAME in the repository, and here
// what is not there yet, because its turn has not come or because the disk failed.
class GuestStates {
  public:
    explicit GuestStates(store::Publisher& publisher) : publisher_(&publisher) {}

    // From now on `state` is the guest's last one; the publisher says when it is on disk.
    store::RequestId save(const std::string& name, const store::Node& state, store::Info info);
    // Null where the repository has the last one, if there is one.
    const store::Node* unpublished(const std::string& name) const;
    void completed(const store::Completion& done);

    static std::string reference(const std::string& name);

  private:
    struct Saved {
        store::RequestId request;
        store::Ref<const store::Node> state;
    };

    store::Publisher* publisher_;
    std::map<std::string, Saved> saved_;
};

// A network state in the form that a guest is started with (guests/rt/saved_state.hpp).
std::string guest_state_bytes(const store::Node& state);

// Writes that into a file that is there and empty (EEXIST if it is not), and says how many bytes
// it is. EIO: the file cannot be opened, is no regular one, or takes no more.
std::expected<std::size_t, xs::Error> write_guest_state(const store::Node& state,
                                                        const std::string& file);

}  // namespace stemma::xenstored
