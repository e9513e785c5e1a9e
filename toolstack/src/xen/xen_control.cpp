#include "toolstack/xen/xen_control.hpp"

#include <array>
#include <cerrno>
#include <utility>

#include "xen_handles.hpp"

namespace stemma::toolstack {

namespace {

// libxl's allowances (libxl_internal.h, libxl_mem.c): what a domain may hold beyond its memory, and
// what the hypervisor sets aside for its page tables.
constexpr std::uint64_t slack_kb = 1024;
constexpr std::uint64_t paging_kb_per_vcpu = 1024;
constexpr std::uint64_t paging_kb_per_mb = 8;
// Xen's own structures, grant frames.
constexpr std::uint64_t overhead_kb = 4096;
constexpr unsigned event_channels_max = 1023;

constexpr std::uint64_t paging_kb_of(std::uint32_t memory_mb, std::uint32_t vcpus) {
    return paging_kb_per_vcpu * vcpus + paging_kb_per_mb * memory_mb;
}

void keep_complaint(xentoollog_logger* logger, xentoollog_level level, int error_number,
                    const char*, const char* format, va_list arguments) {
    if (level < XTL_ERROR) return;
    char text[512];
    std::vsnprintf(text, sizeof text, format, arguments);
    auto& last = reinterpret_cast<Complaint*>(logger)->last;
    last = text;
    if (error_number > 0) last += std::string(": ") + std::strerror(error_number);
}
void keep_no_progress(xentoollog_logger*, const char*, const char*, int, unsigned long,
                      unsigned long) {}
void keep_nothing(xentoollog_logger*) {}

XenDomain from_xen(const xc_domaininfo_t& info) {
    XenDomain domain;
    domain.id = static_cast<DomainId>(info.domain);
    std::memcpy(domain.uuid.data(), info.handle, domain.uuid.size());
    domain.hardware = (info.flags & XEN_DOMINF_hvm_guest) != 0;
    domain.dying = (info.flags & XEN_DOMINF_dying) != 0;
    domain.paused = (info.flags & XEN_DOMINF_paused) != 0;
    if ((info.flags & XEN_DOMINF_shutdown) != 0) {
        domain.shutdown =
            (info.flags >> XEN_DOMINF_shutdownshift) & unsigned{XEN_DOMINF_shutdownmask};
    }
    domain.memory_kb = info.tot_pages * (XC_PAGE_SIZE / 1024);
    domain.cpu_nanoseconds = info.cpu_time;
    return domain;
}

std::string numbered(DomainId id) {
    return "domain " + std::to_string(id);
}

}  // namespace

XenControl::XenControl(std::unique_ptr<Handles> handles) : handles_(std::move(handles)) {}

XenControl::~XenControl() {
    if (handles_->control != nullptr) xc_interface_close(handles_->control);
}

std::unexpected<Error> XenControl::refused(std::string tried, std::string on, int error_number) {
    auto failed = system_failure(std::move(tried), std::move(on), error_number);
    if (!handles_->complaint.last.empty()) {
        failed.error().cause += " (" + std::exchange(handles_->complaint.last, {}) + ')';
    }
    return failed;
}

Result<std::unique_ptr<XenControl>> XenControl::open() {
    auto handles = std::make_unique<Handles>();
    handles->complaint.logger = {keep_complaint, keep_no_progress, keep_nothing};
    std::unique_ptr<XenControl> control(new XenControl(std::move(handles)));
    auto& own = *control->handles_;
    own.control = xc_interface_open(&own.complaint.logger, &own.complaint.logger, 0);
    if (own.control == nullptr) {
        auto failed = control->refused("reach", "the hypervisor", errno);
        failed.error().kind = ErrorKind::unavailable;
        failed.error().next = "run it as root in dom0";
        return failed;
    }
    return control;
}

Result<std::vector<XenDomain>> XenControl::domains() {
    std::vector<XenDomain> domains;
    std::array<xc_domaininfo_t, 128> page;
    for (std::uint32_t first = 0;;) {
        const int count = xc_domain_getinfolist(handles_->control, first, page.size(), page.data());
        if (count < 0) return refused("list", "the domains", errno);
        for (int i = 0; i < count; ++i)
            domains.push_back(from_xen(page[static_cast<std::size_t>(i)]));
        if (static_cast<std::size_t>(count) < page.size()) return domains;
        first = domains.back().id + 1u;
    }
}

Result<std::optional<XenDomain>> XenControl::domain(DomainId id) {
    xc_domaininfo_t info;
    const int count = xc_domain_getinfolist(handles_->control, id, 1, &info);
    if (count < 0) return refused("look at", numbered(id), errno);
    if (count == 0 || info.domain != id) return std::nullopt;
    return from_xen(info);
}

Result<std::uint64_t> XenControl::free_memory_kb() {
    xc_physinfo_t physical{};
    if (xc_physinfo(handles_->control, &physical) != 0) {
        return refused("read", "the free memory", errno);
    }
    const std::uint64_t promised = physical.outstanding_pages;
    const std::uint64_t free = physical.free_pages;
    return (free > promised ? free - promised : 0) * (XC_PAGE_SIZE / 1024);
}

std::uint64_t XenControl::needed_kb(std::uint32_t memory_mb, std::uint32_t vcpus) {
    return std::uint64_t{memory_mb} * 1024 + paging_kb_of(memory_mb, vcpus) + overhead_kb;
}

Result<DomainId> XenControl::create(const Uuid& uuid, std::uint32_t memory_mb, std::uint32_t vcpus,
                                    bool hardware) {
    auto* const control = handles_->control;
    xc_physinfo_t physical{};
    if (xc_physinfo(control, &physical) != 0) return refused("read", "what Xen can do", errno);
    xen_domctl_createdomain wanted{};
    wanted.max_vcpus = vcpus;
    wanted.max_evtchn_port = event_channels_max;
    wanted.max_grant_frames = -1;  // Xen's own limits
    wanted.max_maptrack_frames = -1;
    wanted.grant_opts = XEN_DOMCTL_GRANT_version(1);
    std::memcpy(wanted.handle, uuid.data(), uuid.size());
    if (hardware) {
        wanted.flags |= XEN_DOMCTL_CDF_hvm;
        if ((physical.capabilities & XEN_SYSCTL_PHYSCAP_hap) != 0) {
            wanted.flags |= XEN_DOMCTL_CDF_hap;
        }
        wanted.arch.emulation_flags = XEN_X86_EMU_LAPIC;
    }
    std::uint32_t number = 0;
    if (xc_domain_create(control, &number, &wanted) != 0) {
        return refused("create", "a domain", errno);
    }
    const auto id = static_cast<DomainId>(number);
    const std::uint64_t memory_kb = std::uint64_t{memory_mb} * 1024;
    const std::uint64_t paging_kb = paging_kb_of(memory_mb, vcpus);
    const bool done =
        xc_domain_max_vcpus(control, id, vcpus) == 0 &&
        xc_domain_setmaxmem(control, id, memory_kb + slack_kb) == 0 &&
        xc_domain_set_tsc_info(control, id, 0, 0, 0, 0) == 0 &&
        // Xen's own choice stops the domain's TSC while it does not run, and Linux waits by its
        // TSC.
        (!hardware || xc_hvm_param_set(control, id, HVM_PARAM_TIMER_MODE,
                                       HVMPTM_no_delay_for_missed_ticks) == 0) &&
        (hardware ? xc_set_paging_mempool_size(control, id, ((paging_kb + 1023) / 1024) << 20) == 0
                  : xc_domain_set_memmap_limit(control, id, memory_kb) == 0) &&
        xc_cpuid_apply_policy(control, id, false, nullptr, 0, true, false, false, nullptr,
                              nullptr) == 0;
    if (done) return id;
    auto failed = refused("set the limits of", numbered(id), errno);
    xc_domain_destroy(control, id);
    return failed;
}

Result<NewDomain> XenControl::make_channels(DomainId id) {
    NewDomain domain{id, 0, 0};
    for (auto* port : {&domain.store_port, &domain.console_port}) {
        const auto made = xc_evtchn_alloc_unbound(handles_->control, id, 0);
        if (made < 0) return refused("make an event channel of", numbered(id), errno);
        *port = static_cast<std::uint32_t>(made);
    }
    return domain;
}

Result<void> XenControl::unpause(DomainId id) {
    if (xc_domain_unpause(handles_->control, id) != 0) {
        return refused("start", numbered(id), errno);
    }
    return {};
}

Result<void> XenControl::pause(DomainId id) {
    if (xc_domain_pause(handles_->control, id) != 0) return refused("pause", numbered(id), errno);
    return {};
}

Result<void> XenControl::destroy(DomainId id) {
    if (xc_domain_destroy(handles_->control, id) != 0) {
        return refused("destroy", numbered(id), errno);
    }
    return {};
}

}  // namespace stemma::toolstack
