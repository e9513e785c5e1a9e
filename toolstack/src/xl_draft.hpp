#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "toolstack/xl_file.hpp"
#include "toolstack/xl_guest.hpp"

namespace stemma::toolstack {

// A guest while its file is read, key by key (xl_keys.hpp).
struct XlDraft {
    const std::string& file;
    const XlPlace& place;
    XlGuest result = {};
    std::vector<FileFault> faults = {};

    // Settings that mean something only together.
    std::optional<std::string> command_line = {}, root = {}, extra = {};
    std::optional<XlSetting> type = {}, kernel = {}, ramdisk = {}, most_memory = {}, vcpus = {},
                             most_vcpus = {}, watchdog = {};

    void fault(unsigned line, std::string key, std::string cause) {
        faults.push_back({file, line, std::move(key), std::move(cause)});
    }
    void fault(const XlSetting& setting, std::string cause) {
        fault(setting.line, setting.name, std::move(cause));
    }
    // The single value; a fault for a list.
    std::optional<std::string> text(const XlSetting& setting, std::string_view expected) {
        if (!setting.items) return setting.text;
        fault(setting, std::string(expected) + " is expected, not a list");
        return std::nullopt;
    }
};

// Takes `vif`: one string of xl-network-configuration(5) for each interface.
void read_vifs(XlDraft& draft, const XlSetting& setting);

}  // namespace stemma::toolstack
