#include "toolstack/agent/veth_ports.hpp"

#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "toolstack/domain_nodes.hpp"

namespace stemma::toolstack {

namespace {

// What Xen's hotplug scripts give the end on the bridge: greater than any guest's, so that a bridge
// without an address of its own never takes it.
constexpr MacAddress host_end_mac{{0xfe, 0xff, 0xff, 0xff, 0xff, 0xff}};

Descriptor own_network_namespace() {
    return Descriptor(::open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC));
}

Descriptor control_socket() {
    return Descriptor(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
}

// Without these the kernel hands the guest frames of 64 KB and unfinished checksums.
Result<void> disable_offloads(int control, const std::string& link) {
    for (const std::uint32_t command : std::initializer_list<std::uint32_t>{
             ETHTOOL_STXCSUM, ETHTOOL_SSG, ETHTOOL_STSO, ETHTOOL_SGSO, ETHTOOL_SGRO}) {
        ethtool_value value{};
        value.cmd = command;
        ifreq request{};
        std::memcpy(request.ifr_name, link.data(),
                    std::min(link.size(), std::size_t{IFNAMSIZ - 1}));
        request.ifr_data = static_cast<char*>(static_cast<void*>(&value));
        if (::ioctl(control, SIOCETHTOOL, &request) != 0 && errno != EOPNOTSUPP) {
            return system_failure("switch the offloads off on", "the link " + link, errno);
        }
    }
    return {};
}

}  // namespace

Result<std::unique_ptr<VethPorts>> VethPorts::open() {
    std::unique_ptr<VethPorts> ports(new VethPorts());
    auto links = NetlinkLinks::open();
    if (!links) return std::unexpected(std::move(links.error()));
    ports->links_ = std::move(*links);
    ports->control_ = control_socket();
    ports->own_namespace_ = own_network_namespace();
    if (!ports->control_ || !ports->own_namespace_) {
        return system_failure("open", "the network namespace", errno);
    }
    if (::unshare(CLONE_NEWNET) != 0) {
        ports->warning_ = std::string(
                              "the guests' ends of the links stay in this network "
                              "namespace, where the kernel sees their frames too: ") +
                          std::strerror(errno);
        return ports;
    }
    ports->guest_namespace_ = own_network_namespace();
    ports->guest_control_ = control_socket();
    auto guest_links = NetlinkLinks::open();
    // Sockets opened in the wrong namespace would act on the wrong links from here on.
    if (::setns(ports->own_namespace_.get(), CLONE_NEWNET) != 0) std::abort();
    if (!guest_links) return std::unexpected(std::move(guest_links.error()));
    if (!ports->guest_namespace_ || !ports->guest_control_) {
        return system_failure("open", "the guests' network namespace", errno);
    }
    ports->guest_links_ = std::move(*guest_links);
    return ports;
}

Result<VethPort> VethPorts::add(xs::DomainId domain, unsigned index, const std::string& bridge,
                                const MacAddress& mac) {
    VethPort port{index, vif_name(domain, index), mac, 0, Descriptor()};
    const auto master = links_->find(bridge);
    if (!master) return std::unexpected(master.error());
    if (!*master || (*master)->kind != "bridge") {
        return failure(ErrorKind::failed, "attach",
                       "interface " + std::to_string(index) + " to the bridge " + bridge,
                       *master ? bridge + " is not a bridge" : "there is no such bridge",
                       "make it with `stemma apply`, or name another in the configuration");
    }
    port.mtu = (*master)->mtu;
    const std::string link = port.link;
    if (auto made = links_->add_veth(link, host_end_mac, link + "-g", mac, guest_namespace_.get());
        !made) {
        return std::unexpected(std::move(made.error()));
    }
    auto connected = connect(domain, std::move(port), bridge);
    if (!connected) links_->remove(link);  // its peer goes with it
    return connected;
}

Result<VethPort> VethPorts::connect(xs::DomainId, VethPort port, const std::string& bridge) {
    NetlinkLinks& guest_links = guest_links_ ? *guest_links_ : *links_;
    const int guest_control = guest_links_ ? guest_control_.get() : control_.get();
    const std::string& host = port.link;
    const std::string guest = port.link + "-g";

    Result<void> done = links_->set_alias(host, alias);
    const auto then = [&](auto&& step) {
        if (done) done = step();
    };
    then([&] { return links_->set_silent(host); });
    then([&] { return guest_links.set_silent(guest); });
    then([&] { return disable_offloads(control_.get(), host); });
    then([&] { return disable_offloads(guest_control, guest); });
    then([&] { return links_->set_mtu(host, port.mtu); });
    then([&] { return guest_links.set_mtu(guest, port.mtu); });
    then([&] { return guest_links.set_up_without_arp(guest); });
    then([&] { return links_->set_master(host, bridge); });
    then([&] { return links_->set_up(host); });
    if (!done) return std::unexpected(std::move(done.error()));
    auto socket = packet_socket(guest);
    if (!socket) return std::unexpected(std::move(socket.error()));
    port.socket = std::move(*socket);
    return port;
}

Result<Descriptor> VethPorts::packet_socket(const std::string& link) {
    if (guest_namespace_ && ::setns(guest_namespace_.get(), CLONE_NEWNET) != 0) {
        return system_failure("enter", "the guests' network namespace", errno);
    }
    // Protocol 0 takes nothing until bind() names link and protocol together: no frame of another
    // link can slip in.
    Descriptor socket(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    int error = socket ? 0 : errno;
    if (error == 0) {
        sockaddr_ll address{};
        address.sll_family = AF_PACKET;
        address.sll_protocol = htons(ETH_P_ALL);
        address.sll_ifindex = static_cast<int>(::if_nametoindex(link.c_str()));
        const void* any = &address;
        if (address.sll_ifindex == 0 ||
            ::bind(socket.get(), static_cast<const sockaddr*>(any), sizeof address) != 0) {
            error = errno;
        }
    }
    if (guest_namespace_ && ::setns(own_namespace_.get(), CLONE_NEWNET) != 0) std::abort();
    if (error != 0) return system_failure("open a packet socket on", "the link " + link, error);
    return socket;
}

}  // namespace stemma::toolstack
