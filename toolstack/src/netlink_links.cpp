#include "toolstack/netlink_links.hpp"

#include <linux/if.h>
#include <linux/if_link.h>
#include <netinet/in.h>
#include <netlink/errno.h>
#include <netlink/netlink.h>
#include <netlink/route/addr.h>
#include <netlink/route/link.h>
#include <netlink/route/link/bridge.h>
#include <netlink/route/link/inet6.h>
#include <netlink/route/link/veth.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace stemma::toolstack {

namespace {

struct Release {
    void operator()(rtnl_link* link) const { rtnl_link_put(link); }
    void operator()(rtnl_addr* address) const { rtnl_addr_put(address); }
    void operator()(nl_addr* address) const { nl_addr_put(address); }
    void operator()(nl_cache* cache) const { nl_cache_free(cache); }
};
template <typename T>
using Held = std::unique_ptr<T, Release>;

std::unexpected<Error> refused(std::string tried, std::string on, int error) {
    auto failed = failure(ErrorKind::failed, std::move(tried), std::move(on), nl_geterror(error));
    if (error == -NLE_PERM) {
        failed.error().next = "run it as root, or inside `unshare -Urnm`";
    }
    return failed;
}

Held<nl_addr> to_nl(const Ipv4Interface& interface) {
    const std::uint32_t bytes = htonl(interface.address);
    Held<nl_addr> address(nl_addr_build(AF_INET, &bytes, sizeof bytes));
    nl_addr_set_prefixlen(address.get(), static_cast<int>(interface.prefix));
    return address;
}

Held<nl_addr> to_nl(const MacAddress& mac) {
    return Held<nl_addr>(nl_addr_build(AF_LLC, mac.bytes.data(), mac.bytes.size()));
}

Link from_nl(rtnl_link* link) {
    const auto text = [](const char* words) { return std::string(words == nullptr ? "" : words); };
    Link found;
    found.index = rtnl_link_get_ifindex(link);
    found.name = text(rtnl_link_get_name(link));
    found.kind = text(rtnl_link_get_type(link));
    found.alias = text(rtnl_link_get_ifalias(link));
    found.master = rtnl_link_get_master(link);
    found.up = (rtnl_link_get_flags(link) & IFF_UP) != 0;
    found.mtu = rtnl_link_get_mtu(link);
    found.received = rtnl_link_get_stat(link, RTNL_LINK_RX_PACKETS);
    found.sent = rtnl_link_get_stat(link, RTNL_LINK_TX_PACKETS);
    nl_addr* mac = rtnl_link_get_addr(link);
    if (mac != nullptr && nl_addr_get_len(mac) == found.mac.bytes.size()) {
        std::memcpy(found.mac.bytes.data(), nl_addr_get_binary_addr(mac), found.mac.bytes.size());
    }
    return found;
}

// Sends what `change` says about the link called `name`.
int change_link(nl_sock* socket, const std::string& name, rtnl_link* change) {
    rtnl_link* raw = nullptr;
    if (const int error = rtnl_link_get_kernel(socket, 0, name.c_str(), &raw); error < 0) {
        return error;
    }
    const Held<rtnl_link> link(raw);
    return rtnl_link_change(socket, link.get(), change, 0);
}

}  // namespace

const Link* find_link(const std::vector<Link>& links, std::string_view name) {
    const auto found = std::ranges::find(links, name, &Link::name);
    return found == links.end() ? nullptr : &*found;
}

Result<std::unique_ptr<NetlinkLinks>> NetlinkLinks::open() {
    nl_sock* socket = nl_socket_alloc();
    if (socket == nullptr) return refused("open", "a netlink socket", -NLE_NOMEM);
    std::unique_ptr<NetlinkLinks> links(new NetlinkLinks(socket));
    if (const int error = nl_connect(socket, NETLINK_ROUTE); error < 0) {
        return refused("open", "a netlink socket", error);
    }
    return links;
}

NetlinkLinks::~NetlinkLinks() {
    nl_socket_free(socket_);
}

Result<std::vector<Link>> NetlinkLinks::all() {
    nl_cache* raw = nullptr;
    if (const int error = rtnl_link_alloc_cache(socket_, AF_UNSPEC, &raw); error < 0) {
        return refused("list", "the network links", error);
    }
    const Held<nl_cache> cache(raw);
    std::vector<Link> links;
    for (nl_object* at = nl_cache_get_first(cache.get()); at != nullptr; at = nl_cache_get_next(at))
        links.push_back(from_nl(reinterpret_cast<rtnl_link*>(at)));  // libnl's own cast

    if (const int error = rtnl_addr_alloc_cache(socket_, &raw); error < 0) {
        return refused("list", "the network addresses", error);
    }
    const Held<nl_cache> addresses(raw);
    for (nl_object* at = nl_cache_get_first(addresses.get()); at != nullptr;
         at = nl_cache_get_next(at)) {
        auto* entry = reinterpret_cast<rtnl_addr*>(at);
        nl_addr* local = rtnl_addr_get_local(entry);
        if (local == nullptr || nl_addr_get_family(local) != AF_INET) continue;
        const auto owner = std::ranges::find(links, rtnl_addr_get_ifindex(entry), &Link::index);
        if (owner == links.end()) continue;
        std::uint32_t bytes = 0;
        std::memcpy(&bytes, nl_addr_get_binary_addr(local), sizeof bytes);
        owner->addresses.push_back(
            {ntohl(bytes), static_cast<unsigned>(rtnl_addr_get_prefixlen(entry))});
    }
    return links;
}

Result<std::optional<Link>> NetlinkLinks::find(const std::string& name) {
    rtnl_link* raw = nullptr;
    const int error = rtnl_link_get_kernel(socket_, 0, name.c_str(), &raw);
    if (error == -NLE_OBJ_NOTFOUND || error == -NLE_NODEV) return std::nullopt;
    if (error < 0) return refused("find", "the link " + name, error);
    const Held<rtnl_link> link(raw);
    return from_nl(link.get());
}

Result<void> NetlinkLinks::add_bridge(const std::string& name) {
    const Held<rtnl_link> link(rtnl_link_bridge_alloc());
    rtnl_link_set_name(link.get(), name.c_str());
    // A bridge without an address of its own takes the least of its ports', and dom0's changes with
    // every guest that comes and goes.
    rtnl_link_set_addr(link.get(), to_nl(generated_mac("bridge " + name, 0)).get());
    if (const int error = rtnl_link_add(socket_, link.get(), NLM_F_CREATE | NLM_F_EXCL);
        error < 0) {
        return refused("make", "the bridge " + name, error);
    }
    auto done = set_alias(name, own_bridge_alias);
    if (done) done = set_up(name);
    if (!done) remove(name);
    return done;
}

Result<void> NetlinkLinks::remove(const std::string& name) {
    const Held<rtnl_link> link(rtnl_link_alloc());
    rtnl_link_set_name(link.get(), name.c_str());
    const int error = rtnl_link_delete(socket_, link.get());
    if (error < 0 && error != -NLE_OBJ_NOTFOUND && error != -NLE_NODEV) {
        return refused("remove", "the link " + name, error);
    }
    return {};
}

Result<void> NetlinkLinks::set_up(const std::string& name) {
    const Held<rtnl_link> change(rtnl_link_alloc());
    rtnl_link_set_flags(change.get(), IFF_UP);
    if (const int error = change_link(socket_, name, change.get()); error < 0) {
        return refused("take up", "the link " + name, error);
    }
    return {};
}

Result<void> NetlinkLinks::add_address(const std::string& name, const Ipv4Interface& address) {
    const auto link = find(name);
    if (!link) return std::unexpected(link.error());
    if (!*link) {
        return failure(ErrorKind::failed, "give an address to", "the link " + name,
                       "there is no such link");
    }
    const Held<rtnl_addr> entry(rtnl_addr_alloc());
    rtnl_addr_set_ifindex(entry.get(), (*link)->index);
    rtnl_addr_set_local(entry.get(), to_nl(address).get());
    if (address.prefix <= 30) {
        const Ipv4Interface last{address.network() | ~address.mask(), 32};
        rtnl_addr_set_broadcast(entry.get(), to_nl(last).get());
    }
    const int error = rtnl_addr_add(socket_, entry.get(), 0);
    if (error < 0 && error != -NLE_EXIST) {
        return refused("give the address " + to_string(address) + " to", "the link " + name, error);
    }
    return {};
}

Result<void> NetlinkLinks::remove_address(const std::string& name, const Ipv4Interface& address) {
    const auto link = find(name);
    if (!link) return std::unexpected(link.error());
    if (!*link) return {};
    const Held<rtnl_addr> entry(rtnl_addr_alloc());
    rtnl_addr_set_ifindex(entry.get(), (*link)->index);
    rtnl_addr_set_local(entry.get(), to_nl(address).get());
    const int error = rtnl_addr_delete(socket_, entry.get(), 0);
    if (error < 0 && error != -NLE_NOADDR) {
        return refused("take the address " + to_string(address) + " from", "the link " + name,
                       error);
    }
    return {};
}

Result<void> NetlinkLinks::add_veth(const std::string& name, const MacAddress& mac,
                                    const std::string& peer, const MacAddress& peer_mac,
                                    int peer_namespace) {
    const Held<rtnl_link> link(rtnl_link_veth_alloc());
    rtnl_link_set_name(link.get(), name.c_str());
    rtnl_link_set_addr(link.get(), to_nl(mac).get());
    const Held<rtnl_link> other(rtnl_link_veth_get_peer(link.get()));
    rtnl_link_set_name(other.get(), peer.c_str());
    rtnl_link_set_addr(other.get(), to_nl(peer_mac).get());
    if (peer_namespace >= 0) rtnl_link_set_ns_fd(other.get(), peer_namespace);
    if (const int error = rtnl_link_add(socket_, link.get(), NLM_F_CREATE | NLM_F_EXCL);
        error < 0) {
        return refused("make", "the link pair " + name + ", " + peer, error);
    }
    return {};
}

Result<void> NetlinkLinks::set_master(const std::string& name, const std::string& bridge) {
    const auto master = find(bridge);
    if (!master) return std::unexpected(master.error());
    const std::string on = "the link " + name + " to the bridge " + bridge;
    if (!*master || (*master)->kind != "bridge") {
        return failure(ErrorKind::failed, "attach", on,
                       *master ? bridge + " is not a bridge" : "there is no such bridge",
                       "make it with `stemma apply`, or name another in the configuration");
    }
    const Held<rtnl_link> change(rtnl_link_alloc());
    rtnl_link_set_master(change.get(), (*master)->index);
    if (const int error = change_link(socket_, name, change.get()); error < 0) {
        return refused("attach", on, error);
    }
    return {};
}

Result<void> NetlinkLinks::make_port(const std::string& name, const std::string& bridge) {
    const auto master = find(bridge);
    if (!master) return std::unexpected(master.error());
    if (!*master || (*master)->kind != "bridge") return set_master(name, bridge);  // says why not
    if (auto silent = set_silent(name); !silent) return silent;
    constexpr MacAddress ports_own{{0xfe, 0xff, 0xff, 0xff, 0xff, 0xff}};
    const Held<rtnl_link> change(rtnl_link_alloc());
    rtnl_link_set_addr(change.get(), to_nl(ports_own).get());
    rtnl_link_set_mtu(change.get(), (*master)->mtu);
    rtnl_link_set_master(change.get(), (*master)->index);
    rtnl_link_set_flags(change.get(), IFF_UP);
    if (const int error = change_link(socket_, name, change.get()); error < 0) {
        return refused("attach", "the link " + name + " to the bridge " + bridge, error);
    }
    return {};
}

Result<void> NetlinkLinks::set_silent(const std::string& name) {
    const Held<rtnl_link> change(rtnl_link_alloc());
    rtnl_link_inet6_set_addr_gen_mode(change.get(), IN6_ADDR_GEN_MODE_NONE);
    const int error = change_link(socket_, name, change.get());
    // A kernel without IPv6 has nothing to silence.
    if (error < 0 && error != -NLE_AF_NOSUPPORT && error != -NLE_OPNOTSUPP) {
        return refused("silence IPv6 on", "the link " + name, error);
    }
    return {};
}

Result<void> NetlinkLinks::set_alias(const std::string& name, const std::string& alias) {
    const Held<rtnl_link> change(rtnl_link_alloc());
    rtnl_link_set_ifalias(change.get(), alias.c_str());
    if (const int error = change_link(socket_, name, change.get()); error < 0) {
        return refused("mark", "the link " + name, error);
    }
    return {};
}

Result<void> NetlinkLinks::set_up_without_arp(const std::string& name) {
    const Held<rtnl_link> change(rtnl_link_alloc());
    rtnl_link_set_flags(change.get(), IFF_UP | IFF_NOARP);
    if (const int error = change_link(socket_, name, change.get()); error < 0) {
        return refused("take up", "the link " + name, error);
    }
    return {};
}

Result<void> NetlinkLinks::set_mtu(const std::string& name, unsigned mtu) {
    const Held<rtnl_link> change(rtnl_link_alloc());
    rtnl_link_set_mtu(change.get(), mtu);
    if (const int error = change_link(socket_, name, change.get()); error < 0) {
        return refused("set the MTU of", "the link " + name, error);
    }
    return {};
}

}  // namespace stemma::toolstack
