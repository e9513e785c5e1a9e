#include <algorithm>
#include <cerrno>
#include <memory>
#include <vector>

#include "toolstack/xen/acpi_tables.hpp"
#include "xen_handles.hpp"

namespace stemma::toolstack {

namespace {

constexpr std::uint64_t gigabyte = 1ull << 30;
constexpr std::uint64_t acpi_place = 0xfc000000;  // as with libxl
constexpr std::uint32_t ram = 1, reserved = 2, acpi = 3;

struct Release {
    void operator()(xc_dom_image* image) const { xc_dom_release(image); }
};

// The memory map of a PVH guest: RAM up to the hole below 4 GB, within it the ACPI tables and the
// special pages.
std::vector<e820entry> lay_out(xc_dom_image& dom, std::uint64_t bytes) {
    const std::uint64_t special =
        (std::uint64_t{X86_HVM_END_SPECIAL_REGION} - X86_HVM_NR_SPECIAL_PAGES) << XC_PAGE_SHIFT;
    const std::uint64_t hole = std::min(special, acpi_place);
    dom.target_pages = bytes >> XC_PAGE_SHIFT;
    dom.mmio_start = hole;
    dom.mmio_size = 4 * gigabyte - hole;
    dom.lowmem_end = std::min(bytes, hole);
    dom.highmem_end = bytes > hole ? 4 * gigabyte + (bytes - hole) : 0;
    std::vector<e820entry> map{{0, dom.lowmem_end, ram},
                               {acpi_place, XC_PAGE_SIZE, acpi},
                               {special, X86_HVM_NR_SPECIAL_PAGES << XC_PAGE_SHIFT, reserved}};
    if (dom.highmem_end != 0) {
        map.push_back({4 * gigabyte, dom.highmem_end - 4 * gigabyte, ram});
    }
    return map;
}

}  // namespace

Result<RingFrames> XenControl::build(const NewDomain& domain, const XenImage& image) {
    auto* const control = handles_->control;
    const std::string on = "domain " + std::to_string(domain.id) + " from " + image.kernel;
    const std::unique_ptr<xc_dom_image, Release> dom(
        xc_dom_allocate(control, image.command_line.c_str(), nullptr));
    if (!dom) return refused("build", on, ENOMEM);
    dom->container_type =
        image.hardware ? xc_dom_image::XC_DOM_HVM_CONTAINER : xc_dom_image::XC_DOM_PV_CONTAINER;
    dom->max_vcpus = image.vcpus;
    dom->console_evtchn = domain.console_port;
    dom->xenstore_evtchn = domain.store_port;

    std::vector<std::uint8_t> tables = acpi_tables(acpi_place, image.vcpus);
    std::vector<e820entry> map;
    const auto steps = [&]() -> const char* {
        if (xc_dom_kernel_file(dom.get(), image.kernel.c_str()) != 0) return "read the image of";
        if (!image.ramdisk.empty() &&
            xc_dom_module_file(dom.get(), image.ramdisk.c_str(), nullptr) != 0) {
            return "add the ramdisk to";
        }
        if (!image.module.empty() &&
            xc_dom_module_mem(dom.get(), image.module.data(), image.module.size(), nullptr) != 0) {
            return "add the saved state to";
        }
        if (!image.seed.empty() &&
            xc_dom_module_mem(dom.get(), image.seed.data(), image.seed.size(), "seed") != 0) {
            return "add the seed to";
        }
        if (xc_dom_boot_xen_init(dom.get(), control, domain.id) != 0) return "begin";
        if (xc_dom_parse_image(dom.get()) != 0) return "understand the image of";
        if (image.hardware) {
            map = lay_out(*dom, std::uint64_t{image.memory} << 20);
            dom->acpi_modules[0].data = tables.data();
            dom->acpi_modules[0].length = static_cast<std::uint32_t>(tables.size());
            dom->acpi_modules[0].guest_addr_out = acpi_place;
        }
        if (xc_dom_mem_init(dom.get(), image.memory) != 0 || xc_dom_boot_mem_init(dom.get()) != 0) {
            return "give memory to";
        }
        if (image.hardware) {
            dom->e820 = map.data();
            dom->e820_entries = static_cast<unsigned>(map.size());
            if (xc_domain_set_memory_map(control, domain.id, map.data(),
                                         static_cast<std::uint32_t>(map.size())) != 0) {
                return "set the memory map of";
            }
        }
        if (xc_dom_build_image(dom.get()) != 0) return "load the image of";
        if (xc_dom_boot_image(dom.get()) != 0) return "set the processor of";
        if (xc_dom_gnttab_init(dom.get()) != 0) return "make the grant table of";
        return nullptr;
    };
    errno = 0;
    if (const char* const failed = steps()) {
        return refused(failed, on, errno != 0 ? errno : EINVAL);
    }
    const auto frame = [&](xen_pfn_t page) {
        return std::uint64_t{image.hardware ? page : xc_dom_p2m(dom.get(), page)};
    };
    return RingFrames{frame(dom->xenstore_pfn), frame(dom->console_pfn)};
}

}  // namespace stemma::toolstack
