#pragma once

#include <memory>
#include <optional>
#include <string>

#include "toolstack/links.hpp"

struct nl_sock;

namespace stemma::toolstack {

// Links by rtnetlink, in the network namespace in which open() was called.
class NetlinkLinks : public Links {
  public:
    static Result<std::unique_ptr<NetlinkLinks>> open();
    ~NetlinkLinks() override;
    NetlinkLinks(const NetlinkLinks&) = delete;
    NetlinkLinks& operator=(const NetlinkLinks&) = delete;

    Result<std::vector<Link>> all() override;
    Result<void> add_bridge(const std::string& name) override;
    Result<void> remove(const std::string& name) override;
    Result<void> set_up(const std::string& name) override;
    Result<void> add_address(const std::string& name, const Ipv4Interface& address) override;
    Result<void> remove_address(const std::string& name, const Ipv4Interface& address) override;

    // Nothing where there is no such link.
    Result<std::optional<Link>> find(const std::string& name);
    // A pair of links, both down. The peer is made in the namespace of `peer_namespace` (a
    // descriptor of one), or here for -1.
    Result<void> add_veth(const std::string& name, const MacAddress& mac, const std::string& peer,
                          const MacAddress& peer_mac, int peer_namespace);
    // Makes the link a port of `bridge`.
    Result<void> set_master(const std::string& name, const std::string& bridge);
    // What vif-bridge does with a vif: the address that no bridge takes as its own, the bridge's
    // MTU, silent, a port of `bridge`, up.
    Result<void> make_port(const std::string& name, const std::string& bridge);
    // No IPv6 address comes of itself, so that the link sends nothing of its own.
    Result<void> set_silent(const std::string& name);
    Result<void> set_mtu(const std::string& name, unsigned mtu);
    Result<void> set_alias(const std::string& name, const std::string& alias);
    // As set_up(), but the kernel itself neither asks nor answers by ARP there.
    Result<void> set_up_without_arp(const std::string& name);

  private:
    explicit NetlinkLinks(nl_sock* socket) : socket_(socket) {}

    nl_sock* socket_;
};

}  // namespace stemma::toolstack
