#pragma once

#include <memory>
#include <string>

#include "toolstack/descriptor.hpp"
#include "toolstack/error.hpp"
#include "toolstack/mac_address.hpp"
#include "toolstack/netlink_links.hpp"
#include "xs_wire/path.hpp"

namespace stemma::toolstack {

// One network port of a hosted guest.
struct VethPort {
    unsigned index = 0;
    std::string link;  // the end on the bridge, "vif3.0"
    MacAddress mac;    // the guest's
    unsigned mtu = 0;
    Descriptor socket;  // AF_PACKET, bound to the guest's end
};

// Makes the ports of hosted guests: veth pairs with one end on a bridge and the other in a network
// namespace of the agent's own, where nothing has an address. Were the guest's end here, this
// kernel would answer ARP on it for its own addresses and forward the guest's packets a second
// time.
class VethPorts {
  public:
    static Result<std::unique_ptr<VethPorts>> open();

    // Why the guests' ends are in this namespace after all; empty if they are not.
    const std::string& warning() const { return warning_; }
    NetlinkLinks& links() { return *links_; }

    // Leaves nothing behind when it fails. An MTU of the bridge's, no offloads on either end: a
    // guest gets whole checksums and no packet longer than the MTU.
    Result<VethPort> add(xs::DomainId domain, unsigned index, const std::string& bridge,
                         const MacAddress& mac);
    Result<void> remove(const std::string& link) { return links_->remove(link); }

    // The alias of every end on a bridge, by which a new agent finds what the last one left.
    static constexpr char alias[] = "stemma-port";

  private:
    VethPorts() = default;
    Result<VethPort> connect(xs::DomainId domain, VethPort port, const std::string& bridge);
    Result<Descriptor> packet_socket(const std::string& link);

    std::unique_ptr<NetlinkLinks> links_;
    Descriptor control_;  // for ethtool requests
    Descriptor own_namespace_;
    // Those of the guests' ends; without a value where the namespace could not be made.
    std::unique_ptr<NetlinkLinks> guest_links_;
    Descriptor guest_control_;
    Descriptor guest_namespace_;
    std::string warning_;
};

}  // namespace stemma::toolstack
