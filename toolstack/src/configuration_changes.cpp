#include "toolstack/configuration_changes.hpp"

#include <algorithm>
#include <utility>

namespace stemma::toolstack {

namespace {

using Fields = std::vector<std::pair<std::string, std::string>>;

Fields fields(const Bridge& bridge) {
    return {{"address", bridge.address ? to_string(*bridge.address) : ""}};
}

std::string unless_default(const EndPolicy& policy, EndAction EndPolicy::*action) {
    return policy.*action == EndPolicy().*action ? "" : std::string(name(policy.*action));
}

Fields fields(const Guest& guest) {
    return {{"image", guest.image},
            {"ramdisk", guest.ramdisk},
            {"type", guest.type == GuestType::pvh ? "" : std::string(name(guest.type))},
            {"memory", std::to_string(guest.memory) + " MB"},
            {"vcpus", guest.vcpus == 1 ? "" : std::to_string(guest.vcpus)},
            {"arguments", guest.arguments},
            {"zone", guest.zone},
            {"on_poweroff", unless_default(guest.ends, &EndPolicy::on_poweroff)},
            {"on_reboot", unless_default(guest.ends, &EndPolicy::on_reboot)},
            {"on_crash", std::string(name(guest.ends.on_crash))},
            {"autostart", guest.autostart ? "yes" : "no"},
            {"uuid", guest.uuid},
            {"file", guest.file}};
}

Fields fields(const Interface& interface) {
    return {{"bridge", interface.bridge},
            {"mac", to_string(interface.mac)},
            {"address", interface.address ? to_string(*interface.address) : ""},
            {"gateway", interface.gateway ? format_ipv4(*interface.gateway) : ""},
            {"role", std::string(name(interface.role))}};
}

std::size_t text_size(const Zone& zone) {
    std::size_t size = 0;
    for (const auto& chunk : zone.chunks)
        size += chunk.size();
    return size;
}

Fields fields(const Zone& zone) {
    return {{"origin", zone.origin},
            {"serial", std::to_string(zone.serial)},
            {"text", std::to_string(text_size(zone)) + " bytes"},
            {"chunks", std::to_string(zone.chunks.size())}};
}

// "image nat, memory 32 MB": those that are set.
std::string all(const Fields& fields) {
    std::string text;
    for (const auto& [name, value] : fields) {
        if (value.empty()) continue;
        text += (text.empty() ? "" : ", ") + name + ' ' + value;
    }
    return text;
}

template <typename Value>
void one(std::vector<Change>& changes, const std::string& what, const Value* from,
         const Value* to) {
    if (from == nullptr || to == nullptr) {
        const std::string details = all(fields(from == nullptr ? *to : *from));
        changes.push_back({from == nullptr ? '+' : '-',
                           what + (details.empty() || to == nullptr ? "" : ": " + details)});
        return;
    }
    const Fields old_fields = fields(*from);
    const Fields new_fields = fields(*to);
    std::string details;
    for (std::size_t i = 0; i < old_fields.size(); ++i) {
        const auto& [name, before] = old_fields[i];
        const auto& after = new_fields[i].second;
        if (before == after) continue;
        details += (details.empty() ? "" : ", ") + name + ' ' + (before.empty() ? "none" : before) +
                   " -> " + (after.empty() ? "none" : after);
    }
    if (!details.empty()) changes.push_back({'~', what + ": " + details});
}

template <typename Map, typename Each>
void each_name(const Map& from, const Map& to, Each each) {
    auto a = from.begin();
    auto b = to.begin();
    while (a != from.end() || b != to.end()) {
        if (b == to.end() || (a != from.end() && a->first < b->first)) {
            each(a->first, &a->second, nullptr);
            ++a;
        } else if (a == from.end() || b->first < a->first) {
            each(b->first, nullptr, &b->second);
            ++b;
        } else {
            each(a->first, &a->second, &b->second);
            ++a;
            ++b;
        }
    }
}

}  // namespace

std::vector<Change> changes(const Configuration& from, const Configuration& to) {
    std::vector<Change> found;
    each_name(from.bridges, to.bridges,
              [&](const std::string& name, const Bridge* before, const Bridge* after) {
                  one(found, "bridge " + name, before, after);
              });
    each_name(from.zones, to.zones,
              [&](const std::string& name, const Zone* before, const Zone* after) {
                  one(found, "zone " + name, before, after);
              });
    each_name(from.guests, to.guests,
              [&](const std::string& name, const Guest* before, const Guest* after) {
                  one(found, "guest " + name, before, after);
                  if (before != nullptr && after == nullptr) return;
                  const std::size_t old_count = before == nullptr ? 0 : before->interfaces.size();
                  const std::size_t new_count = after->interfaces.size();
                  for (std::size_t i = 0; i < std::max(old_count, new_count); ++i) {
                      one(found, "guest " + name + " interface " + std::to_string(i),
                          i < old_count ? &before->interfaces[i] : nullptr,
                          i < new_count ? &after->interfaces[i] : nullptr);
                  }
              });
    return found;
}

}  // namespace stemma::toolstack
