#include <algorithm>

#include "commands.hpp"
#include "text_table.hpp"
#include "toolstack/configuration_store.hpp"
#include "toolstack/domain_nodes.hpp"
#include "toolstack/reconcile.hpp"
#include "toolstack/vif_state.hpp"

namespace stemma::toolstack {

namespace {

std::string bridge_of(const std::vector<Link>& links, const Link* port) {
    if (port == nullptr) return "";
    const auto master = std::ranges::find(links, port->master, &Link::index);
    return port->master == 0 || master == links.end() ? "" : master->name;
}

}  // namespace

Result<int> run_net_list(Invocation& call) {
    const auto store = call.surroundings.store();
    if (!store) return std::unexpected(store.error());
    const auto platform = call.surroundings.platform();
    if (!platform) return std::unexpected(platform.error());
    const auto links = call.surroundings.links();
    if (!links) return std::unexpected(links.error());
    const auto configuration = load_configuration(**store);
    if (!configuration) return std::unexpected(configuration.error());
    const auto observed = observe(**store, **platform, **links);
    if (!observed) return std::unexpected(observed.error());

    std::vector<std::vector<std::string>> rows{{"Bridge", "State", "Addresses", "Ports"}};
    Json bridges = Json::array();
    for (const auto& link : observed->links) {
        if (link.kind != "bridge") continue;
        std::string addresses, ports;
        Json address_list = Json::array(), port_list = Json::array();
        for (const auto& address : link.addresses) {
            addresses += (addresses.empty() ? "" : ",") + to_string(address);
            address_list.push(to_string(address));
        }
        for (const auto& port : observed->links) {
            if (port.master != link.index) continue;
            ports += (ports.empty() ? "" : ",") + port.name;
            port_list.push(port.name);
        }
        const std::string state = link.up ? "up" : "down";
        rows.push_back(
            {link.name, state, addresses.empty() ? "-" : addresses, ports.empty() ? "-" : ports});
        bridges.push(Json::object()
                         .set("name", link.name)
                         .set("state", state)
                         .set("configured", configuration->bridges.contains(link.name))
                         .set("addresses", std::move(address_list))
                         .set("ports", std::move(port_list)));
    }
    for (const auto& line : align(rows))
        call.printer.line(line);
    call.printer.line("");

    rows = {{"Guest", "ID", "Vif", "Bridge", "MAC", "Address", "Frontend", "Backend", "Received",
             "Sent"}};
    Json interfaces = Json::array();
    for (const auto& running : observed->guests) {
        const auto wanted = configuration->guests.find(running.domain.name);
        for (const auto& [i, recorded_bridge, mac] : running.made_from.vifs) {
            const DomainId id = running.domain.id;
            const std::string vif = vif_name(id, i);
            const Link* port = find_link(observed->links, vif);
            std::string address;
            if (wanted != configuration->guests.end()) {
                for (const auto& interface : wanted->second.interfaces) {
                    if (to_string(interface.mac) != mac || !interface.address) continue;
                    address = to_string(*interface.address);
                }
            }
            const auto front = (*store)->find(frontend_path(id, i) + "/state");
            const auto back = (*store)->find(backend_path(id, i) + "/state");
            const std::string front_state = front ? front->value_or("") : "";
            const std::string back_state = back ? back->value_or("") : "";
            const std::string bridge = bridge_of(observed->links, port);
            // As the guest sees them: what its link sends is what the guest receives.
            const std::uint64_t received = port == nullptr ? 0 : port->sent;
            const std::uint64_t sent = port == nullptr ? 0 : port->received;
            rows.push_back({running.domain.name, std::to_string(id), vif,
                            bridge.empty() ? "-" : bridge, mac, address.empty() ? "-" : address,
                            describe_vif_state(front_state), describe_vif_state(back_state),
                            std::to_string(received), std::to_string(sent)});
            interfaces.push(Json::object()
                                .set("guest", running.domain.name)
                                .set("domain", id)
                                .set("index", i)
                                .set("vif", vif)
                                .set("bridge", bridge)
                                .set("mac", mac)
                                .set("address", address)
                                .set("frontend-state", front_state)
                                .set("backend-state", back_state)
                                .set("received", static_cast<std::int64_t>(received))
                                .set("sent", static_cast<std::int64_t>(sent)));
        }
    }
    for (const auto& line : align(rows))
        call.printer.line(line);
    call.printer.document(
        Json::object().set("bridges", std::move(bridges)).set("interfaces", std::move(interfaces)));
    return 0;
}

}  // namespace stemma::toolstack
