#include "toolstack/xl_guest.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "toolstack/spelling.hpp"
#include "xl_keys.hpp"

namespace stemma::toolstack {

namespace {

namespace fs = std::filesystem;

std::vector<std::string_view> accepted(const XlKey& key) {
    std::vector<std::string_view> values;
    std::string_view rest = key.same;
    while (!rest.empty()) {
        values.push_back(rest.substr(0, rest.find(' ')));
        rest.remove_prefix(std::min(values.back().size() + 1, rest.size()));
    }
    return values;
}

bool is_same(const XlKey& key, const XlSetting& setting) {
    if (setting.items) return setting.items->empty();
    // "0x1" is 1, as to xl.
    const std::string value = setting.number ? std::to_string(*setting.number) : setting.text;
    return std::ranges::count(accepted(key), value) > 0;
}

std::string quoted_list(const std::vector<std::string_view>& words) {
    std::string text;
    for (const auto word : words)
        text += (text.empty() ? "" : " or ") + ('"' + std::string(word) + '"');
    return text;
}

void take_setting(XlDraft& draft, const XlSetting& setting) {
    const auto keys = xl_keys();
    const auto key = std::ranges::find(keys, std::string_view(setting.name), &XlKey::name);
    if (key == keys.end()) {
        std::vector<std::string_view> names;
        for (const auto& known : keys)
            names.push_back(known.name);
        const auto near = closest(setting.name, names);
        return draft.fault(
            setting,
            "unknown key" + (near.empty() ? "" : "; did you mean `" + std::string(near) + "`?"));
    }
    if (key->use == XlUse::taken) key->take(draft, setting);
    if (key->use != XlUse::as_is || is_same(*key, setting)) return;
    std::string cause = "not supported: " + std::string(key->why);
    if (!key->same.empty()) cause += "; " + quoted_list(accepted(*key)) + " is accepted";
    draft.fault(setting, std::move(cause));
}

// The path as the guest's makers need it, without a working directory; a fault when it cannot be
// read.
std::string file_of(XlDraft& draft, const XlSetting& setting) {
    const fs::path path = (fs::path(draft.place.directory) / setting.text).lexically_normal();
    std::error_code error;
    if (!fs::is_regular_file(path, error)) {
        draft.fault(setting, "a file is expected, \"" + path.string() +
                                 "\": " + (error ? error.message() : "it is none"));
    } else if (::access(path.c_str(), R_OK) != 0) {
        draft.fault(setting, '"' + path.string() + "\" cannot be read: " + std::strerror(errno));
    } else if (path.native().size() >= 1024) {
        draft.fault(setting, "a path below 1,024 bytes is expected");
    }
    return path.string();
}

// "nat" for the file that is our image of it, else the path.
std::string image_of(const std::string& path, const std::string& images) {
    std::error_code error;
    for (const auto own : own_images) {
        const std::string name(own);
        if (fs::equivalent(path, images + '/' + name + ".elf", error)) return name;
    }
    return path;
}

void take_image(XlDraft& draft) {
    Guest& guest = draft.result.guest;
    if (!draft.kernel) {
        return draft.fault(0, "kernel", "the path of an image is expected: the key is missing");
    }
    guest.image = image_of(file_of(draft, *draft.kernel), draft.place.images);
    if (draft.ramdisk) guest.ramdisk = file_of(draft, *draft.ramdisk);
    if (!is_own_image(guest.image)) return;
    if (guest.type != GuestType::pvh) {
        draft.fault(draft.type.value_or(*draft.kernel).line, "type",
                    "\"pvh\" is expected of our own images; without the key it is \"pv\"");
    }
    if (draft.ramdisk) draft.fault(*draft.ramdisk, "our own images take no ramdisk");
    if (guest.vcpus != 1) draft.fault(*draft.vcpus, "our own images use one processor");
}

// As xl puts them together: `cmdline` alone, or else both of the others.
std::string words_of(const XlDraft& draft) {
    if (draft.command_line) return *draft.command_line;
    std::string words = draft.root ? "root=" + *draft.root : "";
    if (draft.extra) words += (draft.root ? " " : "") + *draft.extra;
    return words;
}

void finish(XlDraft& draft) {
    Guest& guest = draft.result.guest;
    if (draft.result.name.empty() &&
        std::ranges::find(draft.faults, "name", &FileFault::key) == draft.faults.end()) {
        draft.fault(0, "name", "a name is expected: the key is missing");
    }
    take_image(draft);
    guest.arguments = words_of(draft);
    const auto& most = draft.most_memory;
    if (most && (!most->number || *most->number != long{guest.memory})) {
        draft.fault(*most, "not supported: a guest of stemma has all its memory, " +
                               std::to_string(guest.memory) + " MB, from the start");
    }
    const auto& most_vcpus = draft.most_vcpus;
    if (most_vcpus && (!most_vcpus->number || *most_vcpus->number != long{guest.vcpus})) {
        draft.fault(*most_vcpus, "not supported: a guest of stemma has all its processors, " +
                                     std::to_string(guest.vcpus) + ", from the start");
    }
    if (draft.watchdog &&
        (draft.watchdog->items || draft.watchdog->text != name(guest.ends.on_crash))) {
        draft.fault(*draft.watchdog,
                    "not supported: to stemma a watchdog that fires is a crash; \"" +
                        std::string(name(guest.ends.on_crash)) + "\", as on_crash, is accepted");
    }
}

}  // namespace

std::expected<XlGuest, std::vector<FileFault>> read_xl_guest(std::string_view text,
                                                             const std::string& file,
                                                             const XlPlace& place) {
    const auto settings = parse_xl_file(text, file);
    if (!settings) return std::unexpected(settings.error());
    XlDraft draft{file, place};
    draft.result.guest.type = GuestType::pv;  // xl's default
    draft.result.guest.autostart = false;
    for (const auto& setting : *settings)
        take_setting(draft, setting);
    finish(draft);
    if (!draft.faults.empty()) return std::unexpected(told(std::move(draft.faults)));
    return std::move(draft.result);
}

}  // namespace stemma::toolstack
