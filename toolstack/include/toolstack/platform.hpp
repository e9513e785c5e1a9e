#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "toolstack/descriptor.hpp"
#include "toolstack/end_policy.hpp"
#include "toolstack/error.hpp"
#include "toolstack/mac_address.hpp"
#include "xs_wire/path.hpp"

namespace stemma::toolstack {

using xs::DomainId;

struct DomainRequest {
    std::string name;
    std::string uuid;          // "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx"
    bool paravirtual = false;  // PV instead of PVH; Xen only
    std::uint32_t memory = 0;  // MB
    std::uint32_t vcpus = 1;   // Xen only
    EndPolicy ends = {};
};

// What a fresh domain has: its number, and its ends of the XenStore's and the console's channel.
struct NewDomain {
    DomainId id = 0;
    std::uint32_t store_port = 0;
    std::uint32_t console_port = 0;
};

// Where the rings are in its memory, known once the image is in it.
struct RingFrames {
    std::uint64_t store = 0;
    std::uint64_t console = 0;
};

struct PortRequest {
    unsigned index = 0;
    std::string bridge;
    MacAddress mac;
};

struct LoadRequest {
    std::string image;      // "nat" or an absolute path
    std::string ramdisk;    // a path, or empty; Xen only
    std::string arguments;  // the command line
    std::optional<Descriptor> state =
        {};  // saved network state, read by the guest before it serves
};

// How to see that a guest serves.
enum class ReadySign {
    own_word,    // it writes data/ready, as our images do
    interfaces,  // all its interfaces are connected
};

enum class DomainState {
    building,  // not started, or not yet kept by its creator
    running,
    paused,     // it runs no more until unpause()
    shut_down,  // it ended; still being cleaned up, or waiting for its creator to look
};
std::string_view name(DomainState state);

// Who answers the end of a domain: removes what it leaves, or makes it anew.
enum class Keeper { agent, other_toolstack, nobody };

struct DomainInfo {
    DomainId id = 0;
    std::string name = {};
    std::string uuid = {};
    DomainState state = DomainState::building;
    bool kept =
        false;  // made by stemma, and to the end; told on Xen, where others make domains too
    std::uint32_t memory = 0;  // MB
    std::uint64_t cpu_microseconds = 0;
    Ending ended_by = Ending::none;
    std::string ending = {};  // of one that is shut down: "exit status 1", "killed by signal 9"
};

struct ConsoleOutput {
    std::string text;
    std::uint64_t next = 0;  // the offset to ask for next
    bool ended = false;      // the guest is gone, and this is the last of it
};

// The seam between the toolstack and what runs domains: Xen, or the agent where there is no
// hypervisor (XenPlatform, HostedPlatform). Code above it does not know which.
class Platform {
  public:
    virtual ~Platform() = default;

    virtual ReadySign ready_sign(const std::string& image) const = 0;
    // Whether a guest of that image takes and gives back interfaces while it runs.
    virtual bool takes_interfaces(const std::string& image) const = 0;

    // A domain without image or ports. Until keep() it dies with this Platform object, so
    // that a creator which dies leaves nothing behind. Refused where the name is in use.
    virtual Result<NewDomain> create_domain(const DomainRequest& request) = 0;
    // Puts the image, its command line and the saved state into the domain. Once for each; the
    // domain's nodes are in XenStore already, so that its backends come up meanwhile.
    virtual Result<RingFrames> load(DomainId domain, LoadRequest request) = 0;
    // Makes port `index` a port of the bridge and drives its backend to Connected; its backend and
    // frontend nodes must be in XenStore. The name of the link on the bridge. Of a domain that runs
    // only where takes_interfaces().
    virtual Result<std::string> attach_port(DomainId domain, const PortRequest& request) = 0;
    // The inverse, of a domain that runs: the guest is asked to let go, and its link removed; the
    // nodes are then the caller's to remove. False when the guest did not let go in time and it was
    // taken by force.
    virtual Result<bool> detach_port(DomainId domain, unsigned index) = 0;
    virtual Result<void> start(DomainId domain) = 0;
    virtual Result<void> keep(DomainId domain) = 0;
    // Saves its network state (of one that was kept), ends it and removes its links and its nodes.
    // Returns when all is gone.
    virtual Result<void> destroy(DomainId domain) = 0;
    // Of one that runs, or is paused.
    virtual Result<void> pause(DomainId domain) = 0;
    virtual Result<void> unpause(DomainId domain) = 0;
    virtual Result<Keeper> keeper(const DomainInfo& domain) = 0;
    virtual Result<void> move_port(DomainId domain, unsigned index, const std::string& bridge) = 0;
    virtual Result<std::vector<DomainInfo>> domains() = 0;
    // What the guest of that name wrote since `offset` bytes from its start (the last 64 KB are
    // kept). With `wait`, waits up to ten seconds for more than nothing.
    virtual Result<ConsoleOutput> console(const std::string& name, std::uint64_t offset,
                                          bool wait) = 0;
    // The guest's console to read from and to write to, for console_session.hpp. Refused where
    // guests read none.
    virtual Result<Descriptor> console_terminal(const std::string& name) = 0;
};

}  // namespace stemma::toolstack
