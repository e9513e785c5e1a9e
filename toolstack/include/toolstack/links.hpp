#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "toolstack/error.hpp"
#include "toolstack/ipv4_interface.hpp"
#include "toolstack/mac_address.hpp"

namespace stemma::toolstack {

// One network link as the kernel has it.
struct Link {
    int index = 0;
    std::string name = {};
    std::string kind = {};  // "bridge", "veth", ...; empty for hardware
    std::string alias = {};
    int master = 0;  // index of the bridge that it is a port of; 0: none
    bool up = false;
    unsigned mtu = 0;
    MacAddress mac = {};
    std::uint64_t received = 0;  // packets
    std::uint64_t sent = 0;
    std::vector<Ipv4Interface> addresses = {};
};

// The alias of a bridge that Stemma made, and so may remove and give addresses as it likes.
inline constexpr char own_bridge_alias[] = "stemma";

// The links of one network namespace. Abstract so that plans can be tested without a kernel; the
// real one is NetlinkLinks.
class Links {
  public:
    virtual ~Links() = default;

    virtual Result<std::vector<Link>> all() = 0;
    // Marked with own_bridge_alias, without spanning tree, up.
    virtual Result<void> add_bridge(const std::string& name) = 0;
    virtual Result<void> remove(const std::string& name) = 0;
    virtual Result<void> set_up(const std::string& name) = 0;
    virtual Result<void> add_address(const std::string& name, const Ipv4Interface& address) = 0;
    virtual Result<void> remove_address(const std::string& name, const Ipv4Interface& address) = 0;
};

const Link* find_link(const std::vector<Link>& links, std::string_view name);

}  // namespace stemma::toolstack
