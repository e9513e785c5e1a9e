#include <algorithm>
#include <array>
#include <iterator>

#include "toolstack/spelling.hpp"
#include "xl_draft.hpp"

namespace stemma::toolstack {

namespace {

constexpr std::array<std::string_view, 12> known{"bridge",  "mac",   "type",       "script",
                                                 "backend", "devid", "model",      "vifname",
                                                 "ip",      "rate",  "gatewaydev", "mtu"};

// Takes `key=value` of interface `index`; the cause in words when it is not valid.
std::optional<std::string> take(Interface& interface, std::string_view key,
                                const std::string& value, std::size_t index,
                                const std::set<std::string>& bridges) {
    const auto only = [&](std::string_view expected) {
        return std::string(expected) + " is expected, not \"" + value + '"';
    };
    if (key == "bridge") {
        interface.bridge = value;
        if (bridges.contains(value)) return std::nullopt;
        std::string there;
        for (const auto& bridge : bridges)
            there += (there.empty() ? ": " : ", ") + bridge;
        return only("a bridge that there is") +
               (there.empty() ? "; there is none" : "; there are" + there);
    }
    if (key == "mac") {
        const auto mac = parse_mac(value);
        if (!mac || mac->is_multicast() || mac->is_zero()) {
            return only("an address of one station, as \"00:16:3e:00:00:01\",");
        }
        interface.mac = *mac;
        return std::nullopt;
    }
    if (key == "type") return value == "vif" ? std::nullopt : std::optional(only("\"vif\""));
    if (key == "script") {
        // What that script does, stemma does itself.
        const bool same = value == "vif-bridge" || value.ends_with("/vif-bridge");
        if (same) return std::nullopt;
        return only("\"vif-bridge\"") + ": stemma attaches interfaces itself and runs no script";
    }
    if (key == "backend") {
        const bool same = value == "0" || value == "Domain-0";
        return same ? std::nullopt : std::optional(only("\"Domain-0\""));
    }
    if (key == "devid") {
        const std::string place = std::to_string(index);
        return value == place ? std::nullopt
                              : std::optional(only("its place in the list, " + place + ','));
    }
    if (key == "model" || key == "accel") return std::nullopt;  // of HVM guests, of nobody
    if (key == "vifname") {
        return "not supported: the link of an interface is called vifDOMAIN.NUMBER";
    }
    if (key == "ip") {
        return "not supported: xl makes it a packet filter, and stemma makes none (a guest of ours "
               "takes its address from `extra`)";
    }
    if (key == "rate" || key == "mtu" || key == "gatewaydev" || key == "netdev" ||
        key == "forwarddev") {
        return "not supported: an interface of stemma's is a port of a bridge, with its MTU and "
               "without a limit";
    }
    const auto near = closest(key, known);
    return "unknown key" +
           (near.empty() ? std::string() : "; did you mean `" + std::string(near) + "`?");
}

// As xl takes it apart: at commas, without the spaces before a word, and without empty words.
std::vector<std::string> words_of(std::string_view text) {
    std::vector<std::string> words;
    while (!text.empty()) {
        std::string_view word = text.substr(0, text.find(','));
        text.remove_prefix(std::min(word.size() + 1, text.size()));
        word.remove_prefix(std::min(word.find_first_not_of(' '), word.size()));
        if (!word.empty()) words.emplace_back(word);
    }
    return words;
}

void read_vif(XlDraft& draft, const XlSetting& setting, std::size_t index, std::string_view text) {
    Interface& interface = draft.result.guest.interfaces.emplace_back();
    const std::string at = "vif[" + std::to_string(index) + ']';
    bool has_bridge = false;
    for (const auto& word : words_of(text)) {
        const auto equals = word.find('=');
        const std::string key = word.substr(0, equals);
        if (equals == std::string::npos) {
            if (key == "trusted") continue;
            draft.fault(setting.line, at + '.' + key,
                        key == "untrusted" ? "not supported: a backend of stemma's is trusted"
                                           : "KEY=VALUE is expected");
            continue;
        }
        has_bridge |= key == "bridge";
        auto cause = take(interface, key, word.substr(equals + 1), index, draft.place.bridges);
        if (cause) draft.fault(setting.line, at + '.' + key, std::move(*cause));
    }
    if (!has_bridge) {
        draft.fault(setting.line, at + ".bridge",
                    "the name of a bridge is expected: the key is missing, and none is guessed");
    }
    const auto& all = draft.result.guest.interfaces;
    if (!interface.mac.is_zero() && std::ranges::count(all, interface.mac, &Interface::mac) > 1) {
        draft.fault(setting.line, at + ".mac",
                    "an address of its own is expected; another vif of the file has this one");
    }
}

}  // namespace

void read_vifs(XlDraft& draft, const XlSetting& setting) {
    if (!setting.items) {
        return draft.fault(setting,
                           "a list is expected, as [\"bridge=xenbr0\"], not a single value");
    }
    if (setting.items->size() > interfaces_max) {
        return draft.fault(
            setting, "at most " + std::to_string(interfaces_max) + " interfaces are expected");
    }
    for (std::size_t i = 0; i < setting.items->size(); ++i)
        read_vif(draft, setting, i, (*setting.items)[i]);
}

}  // namespace stemma::toolstack
