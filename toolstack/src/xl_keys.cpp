#include "xl_keys.hpp"

#include <algorithm>
#include <array>

#include "toolstack/uuid.hpp"

namespace stemma::toolstack {

namespace {

using enum XlUse;

constexpr std::string_view no_device =
    "stemma gives a guest network interfaces and no other device";
constexpr std::string_view no_ports = "stemma gives a guest no hardware";
constexpr std::string_view no_schedule = "stemma leaves the processors to Xen's scheduler";
constexpr std::string_view no_limits = "a guest of stemma has Xen's own limits";
constexpr std::string_view no_pages = "a guest of stemma has the paging that Xen prefers";
constexpr std::string_view no_clock = "a guest of stemma has the clock that xl gives by default";
constexpr std::string_view no_policy =
    "a guest of stemma sees the processor that Xen shows by default";
constexpr std::string_view no_shim = "stemma runs a PVH guest without a shim";
constexpr std::string_view no_label = "stemma makes guests without a label";

void take_name(XlDraft& draft, const XlSetting& setting) {
    constexpr std::string_view expected = "a name of 1 to 32 letters, digits or '-'";
    auto text = draft.text(setting, expected);
    if (!text) return;
    if (!is_guest_name(*text)) {
        draft.fault(setting, std::string(expected) + " is expected, not \"" + *text + '"');
    }
    draft.result.name = std::move(*text);
}

void take_type(XlDraft& draft, const XlSetting& setting) {
    constexpr std::string_view expected = "\"pvh\" or \"pv\"";
    const auto text = draft.text(setting, expected);
    if (!text) return;
    draft.type = setting;
    if (*text == "pvh") {
        draft.result.guest.type = GuestType::pvh;
    } else if (*text != "pv") {
        draft.fault(setting, std::string(expected) + " is expected, not \"" + *text + '"');
    }
}

void take_kernel(XlDraft& draft, const XlSetting& setting) {
    if (draft.text(setting, "the path of an image")) draft.kernel = setting;
}

void take_ramdisk(XlDraft& draft, const XlSetting& setting) {
    if (draft.text(setting, "the path of a ramdisk")) draft.ramdisk = setting;
}

void take_words(XlDraft& draft, const XlSetting& setting, std::optional<std::string>& words) {
    constexpr std::string_view expected = "words of printable ASCII, below 1,024 bytes,";
    auto text = draft.text(setting, expected);
    if (!text) return;
    if (text->size() >= 1024 ||
        !std::ranges::all_of(*text, [](char c) { return c >= ' ' && c <= '~'; })) {
        draft.fault(setting, std::string(expected) + " are expected");
    }
    words = std::move(text);
}

void take_command_line(XlDraft& draft, const XlSetting& setting) {
    take_words(draft, setting, draft.command_line);
}
void take_root(XlDraft& draft, const XlSetting& setting) {
    take_words(draft, setting, draft.root);
}
void take_extra(XlDraft& draft, const XlSetting& setting) {
    take_words(draft, setting, draft.extra);
}

void take_memory(XlDraft& draft, const XlSetting& setting) {
    if (setting.number && *setting.number >= long{memory_min} &&
        *setting.number <= long{memory_max}) {
        draft.result.guest.memory = static_cast<std::uint32_t>(*setting.number);
        return;
    }
    draft.fault(setting, "a whole number of MB from " + std::to_string(memory_min) + " to " +
                             std::to_string(memory_max) + " is expected, not " +
                             (setting.items ? "a list" : '"' + setting.text + '"'));
}

void take_most_memory(XlDraft& draft, const XlSetting& setting) {
    draft.most_memory = setting;
}

void take_vcpus(XlDraft& draft, const XlSetting& setting) {
    draft.vcpus = setting;
    if (setting.number && *setting.number >= 1 && *setting.number <= long{vcpus_max}) {
        draft.result.guest.vcpus = static_cast<std::uint32_t>(*setting.number);
        return;
    }
    draft.fault(setting, "a whole number of virtual processors from 1 to " +
                             std::to_string(vcpus_max) + " is expected, not " +
                             (setting.items ? "a list" : '"' + setting.text + '"'));
}

void take_most_vcpus(XlDraft& draft, const XlSetting& setting) {
    draft.most_vcpus = setting;
}

void take_uuid(XlDraft& draft, const XlSetting& setting) {
    constexpr std::string_view expected = "a UUID, as \"01234567-89ab-cdef-0123-456789abcdef\",";
    const auto text = draft.text(setting, expected);
    if (!text) return;
    const auto uuid = parse_uuid(*text);
    if (uuid) {
        draft.result.guest.uuid = to_string(*uuid);
    } else {
        draft.fault(setting, std::string(expected) + " is expected, not \"" + *text + '"');
    }
}

// on_poweroff, on_reboot and on_crash
void take_end(XlDraft& draft, const XlSetting& setting) {
    constexpr std::string_view expected = "\"destroy\" or \"restart\"";
    const auto text = draft.text(setting, expected);
    if (!text) return;
    if (const auto action = parse_end_action(*text)) {
        const auto* const key = std::ranges::find(end_keys, setting.name, &EndKey::name);
        draft.result.guest.ends.*key->action = *action;
    } else {
        draft.fault(setting, std::string(expected) + " is expected, not \"" + *text + '"');
    }
}

void take_on_watchdog(XlDraft& draft, const XlSetting& setting) {
    draft.watchdog = setting;
}

constexpr auto keys = std::to_array<XlKey>({
    {"cmdline", taken, "", "", take_command_line},
    {"extra", taken, "", "", take_extra},
    {"kernel", taken, "", "", take_kernel},
    {"maxmem", taken, "", "", take_most_memory},
    {"maxvcpus", taken, "", "", take_most_vcpus},
    {"memory", taken, "", "", take_memory},
    {"name", taken, "", "", take_name},
    {"on_crash", taken, "", "", take_end},
    {"on_poweroff", taken, "", "", take_end},
    {"on_reboot", taken, "", "", take_end},
    {"on_watchdog", taken, "", "", take_on_watchdog},
    {"ramdisk", taken, "", "", take_ramdisk},
    {"root", taken, "", "", take_root},
    {"type", taken, "", "", take_type},
    {"uuid", taken, "", "", take_uuid},
    {"vcpus", taken, "", "", take_vcpus},
    {"vif", taken, "", "", read_vifs},

    {"acpi", as_is, "1", "a PVH guest of stemma has ACPI tables"},
    {"altp2m", as_is, "0 disabled", no_pages},
    {"bootloader", as_is, "", "stemma runs no bootloader in dom0: name the image in `kernel`"},
    {"builder", as_is, "generic", "stemma runs PV and PVH guests"},
    {"cap", as_is, "0", no_schedule},
    {"channel", as_is, "", no_device},
    {"cpu_weight", as_is, "256", no_schedule},
    {"cpuid", as_is, "", no_policy},
    {"cpus", as_is, "all", no_schedule},
    {"cpus_soft", as_is, "all", no_schedule},
    {"disk", as_is, "", no_device},
    {"driver_domain", as_is, "0", "stemma's backends are in dom0"},
    {"dtdev", as_is, "", no_ports},
    {"e820_host", as_is, "0", no_ports},
    {"extratime", as_is, "", no_schedule},
    {"firmware", as_is, "", "stemma runs no bootloader in dom0: name the image in `kernel`"},
    {"hap", as_is, "1", no_pages},
    {"init_seclabel", as_is, "", no_label},
    {"iomem", as_is, "", no_ports},
    {"ioports", as_is, "", no_ports},
    {"irqs", as_is, "", no_ports},
    {"latency", as_is, "", no_schedule},
    {"localtime", as_is, "0", no_clock},
    {"max_event_channels", as_is, "1023", no_limits},
    {"max_grant_frames", as_is, "", no_limits},
    {"max_grant_version", as_is, "1", no_limits},
    {"max_maptrack_frames", as_is, "", no_limits},
    {"msr_relaxed", as_is, "0", no_policy},
    {"nestedhvm", as_is, "0", no_policy},
    {"nomigrate", as_is, "0", no_policy},
    {"on_soft_reset", as_is, "", "stemma answers no soft reset"},
    {"oos", as_is, "", no_pages},
    {"p9", as_is, "", no_device},
    {"passthrough", as_is, "disabled", no_ports},
    {"pci", as_is, "", no_ports},
    {"period", as_is, "", no_schedule},
    {"pool", as_is, "Pool-0", no_schedule},
    {"pvcalls", as_is, "", no_device},
    {"pvshim", as_is, "0", no_shim},
    {"rtc_timeoffset", as_is, "0", no_clock},
    {"seclabel", as_is, "", no_label},
    {"shadow_memory", as_is, "", no_pages},
    {"slice", as_is, "", no_schedule},
    {"tee", as_is, "none", no_ports},
    {"timer_mode", as_is, "1 no_delay_for_missed_ticks", no_clock},
    {"tsc_mode", as_is, "0 default", no_clock},
    {"usbctrl", as_is, "", no_device},
    {"usbdev", as_is, "", no_device},
    {"vdispl", as_is, "", no_device},
    {"vfb", as_is, "", no_device},
    {"vkb", as_is, "", no_device},
    {"vmtrace_buf_kb", as_is, "0", no_policy},
    {"vnuma", as_is, "", no_pages},
    {"vpmu", as_is, "0", no_policy},
    {"vsnd", as_is, "", no_device},
    {"vtpm", as_is, "", no_device},
    {"xend_suspend_evtchn_compat", as_is, "0", "stemma does not suspend guests"},

    // Of HVM guests, of a device model that nothing here starts, of Arm, or of a key that is not
    // there.
    {"acpi_firmware", nothing},
    {"acpi_laptop_slate", nothing},
    {"acpi_s3", nothing},
    {"acpi_s4", nothing},
    {"altp2mhvm", nothing},
    {"apic", nothing},
    {"bios", nothing},
    {"bios_path_override", nothing},
    {"boot", nothing},
    {"bootloader_args", nothing},
    {"device_model", nothing},
    {"device_model_args", nothing},
    {"device_model_args_hvm", nothing},
    {"device_model_args_pv", nothing},
    {"device_model_override", nothing},
    {"device_model_stubdomain_override", nothing},
    {"device_model_stubdomain_seclabel", nothing},
    {"device_model_user", nothing},
    {"device_model_version", nothing},
    {"device_tree", nothing},
    {"display", nothing},
    {"dm_restrict", nothing},
    {"firmware_override", nothing},
    {"gfx_passthru", nothing},
    {"gic_version", nothing},
    {"hdtype", nothing},
    {"hpet", nothing},
    {"keymap", nothing},
    {"mca_caps", nothing},
    {"mmio_hole", nothing},
    {"ms_vm_genid", nothing},
    {"nographic", nothing},
    {"nx", nothing},
    {"opengl", nothing},
    {"pae", nothing},
    {"pci_msitranslate", nothing},
    {"pci_permissive", nothing},
    {"pci_power_mgmt", nothing},
    {"pci_seize", nothing},
    {"pvshim_cmdline", nothing},
    {"pvshim_extra", nothing},
    {"pvshim_path", nothing},
    {"rdm", nothing},
    {"rdm_mem_boundary", nothing},
    {"sdl", nothing},
    {"serial", nothing},
    {"smbios_firmware", nothing},
    {"soundhw", nothing},
    {"spice", nothing},
    {"spice_clipboard_sharing", nothing},
    {"spice_image_compression", nothing},
    {"spice_streaming_video", nothing},
    {"spiceagent_mouse", nothing},
    {"spicedisable_ticketing", nothing},
    {"spicehost", nothing},
    {"spicepasswd", nothing},
    {"spiceport", nothing},
    {"spicetls_port", nothing},
    {"spiceusbredirection", nothing},
    {"spicevdagent", nothing},
    {"stdvga", nothing},
    {"stubdomain_cmdline", nothing},
    {"stubdomain_kernel", nothing},
    {"stubdomain_memory", nothing},
    {"stubdomain_ramdisk", nothing},
    {"usb", nothing},
    {"usbdevice", nothing},
    {"usbversion", nothing},
    {"vendor_device", nothing},
    {"vga", nothing},
    {"videoram", nothing},
    {"vif2", nothing},
    {"viridian", nothing},
    {"vkb_device", nothing},
    {"vnc", nothing},
    {"vncdisplay", nothing},
    {"vnclisten", nothing},
    {"vncpasswd", nothing},
    {"vncunused", nothing},
    {"vncviewer", nothing},
    {"vpt_align", nothing},
    {"vuart", nothing},
    {"xauthority", nothing},
    {"xen_platform_pci", nothing},
});

}  // namespace

std::span<const XlKey> xl_keys() {
    return keys;
}

}  // namespace stemma::toolstack
