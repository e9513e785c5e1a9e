#include "xen/grant_table.hpp"

#include <atomic>

#include "xen/hypercall.hpp"

#include <xen/grant_table.h>

namespace stemma::xen {

namespace {
// Xen puts its frames in the place of these pages.
alignas(4096) grant_entry_v1_t table[GrantTable::references];
constexpr std::uint32_t reserved = 8;  // GNTTAB_NR_RESERVED_ENTRIES
}  // namespace

GrantTable::GrantTable() {
    free_.reserve(references);
    for (std::uint32_t reference = references - 1; reference >= reserved; --reference)
        free_.push_back(reference);
}

std::optional<GrantTable> GrantTable::map() {
    for (std::uint32_t frame = 0; frame < frames; ++frame) {
        xen_add_to_physmap request{};
        request.domid = DOMID_SELF;
        request.space = XENMAPSPACE_grant_table;
        request.idx = frame;
        request.gpfn = (address(table) >> 12) + frame;
        if (memory_op(XENMEM_add_to_physmap, request) != 0) return std::nullopt;
    }
    return GrantTable();
}

std::optional<std::uint32_t> GrantTable::share(std::uint16_t domain, const void* page) {
    if (free_.empty()) return std::nullopt;
    const std::uint32_t reference = free_.back();
    free_.pop_back();
    grant_entry_v1_t& entry = table[reference];
    entry.domid = domain;
    entry.frame = static_cast<std::uint32_t>(address(page) >> 12);
    // The flags make it valid, and must not be seen before the rest.
    std::atomic_ref(entry.flags).store(GTF_permit_access, std::memory_order_release);
    return reference;
}

}  // namespace stemma::xen
