#include "toolstack/domain_nodes.hpp"

#include <algorithm>
#include <charconv>
#include <initializer_list>
#include <utility>

#include "toolstack/vif_state.hpp"
#include "xs_wire/path.hpp"

namespace stemma::toolstack {

namespace {

std::string arguments_path(DomainId domain) {
    return library_path(domain) + "/stemma/arguments";
}

std::string vif_library_path(DomainId domain, unsigned index) {
    return library_path(domain) + "/device/vif/" + std::to_string(index);
}

class NodeWriter {
  public:
    void write(const std::string& path, std::string_view value) {
        requests_.push_back(write_request(path, value));
    }
    void write(const std::string& path, std::string_view value,
               std::initializer_list<xs::PermissionText> permissions) {
        write(path, value);
        requests_.push_back(permissions_request(path, permissions));
    }
    StoreResult<void> submit(Store& store, TransactionId transaction) const {
        return store.do_all(requests_, transaction);
    }

  private:
    std::vector<StoreRequest> requests_;
};

void write_home(NodeWriter& writer, const DomainNodes& nodes) {
    using xs::Access;
    const DomainId id = nodes.domain.id;
    const std::string home = xs::domain_path(id);
    const std::string vm = "/vm/" + nodes.uuid;
    const std::string kilobytes = std::to_string(nodes.guest->memory * 1024);

    writer.write(vm, "", {{Access::none, 0}, {Access::read, id}});
    writer.write(vm + "/uuid", nodes.uuid);
    writer.write(vm + "/name", nodes.name);

    writer.write(home, "", {{Access::none, 0}, {Access::read, id}});
    writer.write(home + "/vm", vm);
    writer.write(home + "/name", nodes.name);
    writer.write(home + "/domid", std::to_string(id));
    for (std::uint32_t i = 0; i < nodes.guest->vcpus; ++i)
        writer.write(home + "/cpu/" + std::to_string(i) + "/availability", "online");
    writer.write(home + "/memory/static-max", kilobytes);
    writer.write(home + "/memory/target", kilobytes);
    writer.write(home + "/device", "");
    writer.write(home + "/control/platform-feature-multiprocessor-suspend", "1");
    writer.write(home + "/control/platform-feature-xs_reset_watches", "1");
    for (const char* own :
         {"/device/suspend/event-channel", "/control/shutdown", "/control/feature-poweroff",
          "/control/feature-reboot", "/control/feature-suspend", "/control/sysrq", "/data",
          "/drivers", "/feature", "/attr", "/error"}) {
        writer.write(home + own, "", {{Access::none, id}});
    }
    writer.write(home + "/store/port", std::to_string(nodes.domain.store_port));
    writer.write(home + "/console/port", std::to_string(nodes.domain.console_port));
    writer.write(home + "/console/limit", "65536");
    writer.write(home + "/console/type", "xenconsoled");

    const std::string library = library_path(id);
    writer.write(library, "", {{Access::none, 0}});
    writer.write(library + "/type", name(nodes.guest->type));
    writer.write(library + "/device", "");
    writer.write(library + "/stemma/image", nodes.guest->image);
    if (!nodes.guest->ramdisk.empty()) {
        writer.write(library + "/stemma/ramdisk", nodes.guest->ramdisk);
    }
    writer.write(library + "/stemma/memory", std::to_string(nodes.guest->memory));
    if (nodes.guest->vcpus != 1) {
        writer.write(library + "/stemma/vcpus", std::to_string(nodes.guest->vcpus));
    }
    writer.write(arguments_path(id), command_line(*nodes.guest));
}

void write_vif(NodeWriter& writer, DomainId id, unsigned index, const Interface& interface) {
    using xs::Access;
    const std::string front = frontend_path(id, index);
    const std::string back = backend_path(id, index);
    const std::string handle = std::to_string(index);
    const std::string mac = to_string(interface.mac);
    const std::string initialising = value(VifState::initialising);

    const std::vector<std::pair<std::string, std::string>> back_nodes{
        {"frontend", front},
        {"frontend-id", std::to_string(id)},
        {"online", "1"},
        {"state", initialising},
        {"vifname", vif_name(id, index)},
        {"mac", mac},
        {"bridge", interface.bridge},
        {"handle", handle},
        {"type", "vif"},
        // netback takes no vif without the key, and xl runs the script when it detaches one: what
        // there is to be done, this toolstack has done or the kernel does.
        {"script", "/bin/true"},
        {"hotplug-status", ""}};
    const std::vector<std::pair<std::string, std::string>> front_nodes{
        {"backend", back},  {"backend-id", "0"}, {"state", initialising},
        {"handle", handle}, {"mac", mac},        {"trusted", "1"}};
    const std::string library = vif_library_path(id, index);

    writer.write(back, "", {{Access::none, 0}, {Access::read, id}});
    for (const auto& [key, node] : back_nodes)
        writer.write(back + '/' + key, node);
    writer.write(front, "", {{Access::none, id}, {Access::read, 0}});
    for (const auto& [key, node] : front_nodes)
        writer.write(front + '/' + key, node);
    writer.write(library + "/frontend", front);
    writer.write(library + "/backend", back);
    for (const auto& [key, node] : back_nodes) {
        if (key != "frontend" && key != "hotplug-status") writer.write(library + '/' + key, node);
    }
}

}  // namespace

std::string frontend_path(DomainId domain, unsigned index) {
    return xs::domain_path(domain) + "/device/vif/" + std::to_string(index);
}

std::string backend_path(DomainId domain, unsigned index) {
    return "/local/domain/0/backend/vif/" + std::to_string(domain) + '/' + std::to_string(index);
}

std::string library_path(DomainId domain) {
    return "/libxl/" + std::to_string(domain);
}

std::string vif_name(DomainId domain, unsigned index) {
    return "vif" + std::to_string(domain) + '.' + std::to_string(index);
}

StoreResult<void> write_domain_nodes(Store& store, TransactionId transaction,
                                     const DomainNodes& nodes) {
    NodeWriter writer;
    write_home(writer, nodes);
    for (unsigned i = 0; i < nodes.guest->interfaces.size(); ++i)
        write_vif(writer, nodes.domain.id, i, nodes.guest->interfaces[i]);
    return writer.submit(store, transaction);
}

StoreResult<void> write_ring_nodes(Store& store, TransactionId transaction, DomainId domain,
                                   const RingFrames& frames) {
    const std::string home = xs::domain_path(domain);
    auto written = store.write(home + "/store/ring-ref", std::to_string(frames.store), transaction);
    if (!written) return written;
    return store.write(home + "/console/ring-ref", std::to_string(frames.console), transaction);
}

StoreResult<void> write_vif_nodes(Store& store, TransactionId transaction, DomainId domain,
                                  unsigned index, const Interface& interface) {
    NodeWriter writer;
    write_vif(writer, domain, index, interface);
    return writer.submit(store, transaction);
}

StoreResult<void> remove_vif_nodes(Store& store, TransactionId transaction, DomainId domain,
                                   unsigned index) {
    for (const auto& path : {frontend_path(domain, index), backend_path(domain, index),
                             vif_library_path(domain, index)}) {
        if (auto removed = store.remove(path, transaction); !removed) return removed;
        const std::string directory(xs::parent(path));
        const auto others = store.list(directory, transaction);
        if (!others) return std::unexpected(others.error());
        if (!others->empty()) continue;
        if (auto removed = store.remove(directory, transaction); !removed) return removed;
    }
    return {};
}

StoreResult<bool> is_vif_connected(Store& store, DomainId domain, unsigned index) {
    const auto state = store.find(backend_path(domain, index) + "/state");
    if (!state) return std::unexpected(state.error());
    return *state == value(VifState::connected);
}

StoreResult<void> remove_domain_nodes(Store& store, DomainId domain, const std::string& uuid) {
    return store.transact([&](TransactionId transaction) -> StoreResult<void> {
        std::vector<std::string> paths{xs::domain_path(domain),
                                       "/local/domain/0/backend/vif/" + std::to_string(domain),
                                       library_path(domain)};
        if (!uuid.empty()) paths.push_back("/vm/" + uuid);
        for (const auto& path : paths) {
            if (auto removed = store.remove(path, transaction); !removed) return removed;
        }
        return {};
    });
}

StoreResult<std::vector<RunningVif>> read_vifs(Store& store, DomainId domain) {
    const auto names = store.list(library_path(domain) + "/device/vif");
    if (!names) return std::unexpected(names.error());
    std::vector<RunningVif> vifs;
    for (const auto& name : *names) {
        unsigned index = 0;
        const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), index);
        if (error == std::errc() && end == name.data() + name.size()) vifs.push_back({index});
    }
    std::ranges::sort(vifs, {}, &RunningVif::index);
    std::vector<std::string> paths;
    for (const auto& vif : vifs) {
        paths.push_back(backend_path(domain, vif.index) + "/bridge");
        paths.push_back(backend_path(domain, vif.index) + "/mac");
    }
    const auto values = store.find_all(paths);
    if (!values) return std::unexpected(values.error());
    for (std::size_t i = 0; i < vifs.size(); ++i) {
        vifs[i].bridge = (*values)[2 * i].value_or("");
        vifs[i].mac = (*values)[2 * i + 1].value_or("");
    }
    return vifs;
}

StoreResult<void> write_arguments(Store& store, TransactionId transaction, DomainId domain,
                                  std::string_view arguments) {
    return store.write(arguments_path(domain), arguments, transaction);
}

StoreResult<std::optional<MadeFrom>> read_made_from(Store& store, DomainId domain,
                                                    TransactionId transaction) {
    const std::string library = library_path(domain);
    std::vector<std::string> paths{library + "/stemma/image", library + "/stemma/ramdisk",
                                   library + "/type",         library + "/stemma/memory",
                                   library + "/stemma/vcpus", arguments_path(domain)};
    const std::size_t vifs = paths.size();
    for (unsigned i = 0; i < interfaces_max; ++i) {
        paths.push_back(backend_path(domain, i) + "/bridge");
        paths.push_back(backend_path(domain, i) + "/mac");
    }
    auto found = store.find_all(paths, transaction);
    if (!found) return std::unexpected(std::move(found.error()));
    auto& values = *found;
    if (!values[0]) return std::nullopt;
    MadeFrom made{.image = *values[0],
                  .ramdisk = values[1].value_or(""),
                  .type = values[2].value_or(""),
                  .memory = values[3].value_or(""),
                  .vcpus = values[4].value_or("1"),
                  .arguments = values[5].value_or(""),
                  .vifs = {}};
    for (unsigned i = 0; i < interfaces_max; ++i) {
        const auto &bridge = values[vifs + 2 * i], &mac = values[vifs + 2 * i + 1];
        if (bridge) made.vifs.push_back({i, *bridge, mac.value_or("")});
    }
    return made;
}

StoreResult<void> write_end_policy(Store& store, TransactionId transaction, DomainId domain,
                                   const EndPolicy& policy) {
    std::vector<StoreRequest> requests;
    for (const auto& [key, action] : end_keys)
        requests.push_back(write_request(library_path(domain) + "/stemma/" + std::string(key),
                                         name(policy.*action)));
    return store.do_all(requests, transaction);
}

StoreResult<EndPolicy> read_end_policy(Store& store, DomainId domain) {
    std::vector<std::string> paths;
    for (const auto& key : end_keys)
        paths.push_back(library_path(domain) + "/stemma/" + std::string(key.name));
    const auto values = store.find_all(paths);
    if (!values) return std::unexpected(values.error());
    EndPolicy policy;
    for (std::size_t i = 0; i < end_keys.size(); ++i) {
        const auto action = parse_end_action((*values)[i].value_or(""));
        if (action) policy.*end_keys[i].action = *action;
    }
    return policy;
}

std::string describe_vif(Store& store, DomainId domain, unsigned index) {
    const auto front = store.find(frontend_path(domain, index) + "/state");
    const auto back = store.find(backend_path(domain, index) + "/state");
    return "interface " + std::to_string(index) + ": frontend " +
           describe_vif_state(front ? front->value_or("") : "unknown") + ", backend " +
           describe_vif_state(back ? back->value_or("") : "unknown");
}

std::string describe_vifs(Store& store, DomainId domain, std::size_t count) {
    std::string text;
    for (unsigned i = 0; i < count; ++i)
        text += (i == 0 ? "" : "; ") + describe_vif(store, domain, i);
    return text;
}

}  // namespace stemma::toolstack
