// The one file of the daemon that includes Xen's headers, which want the compiler's GNU mode.
#include "xenstored/xen_interface.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <utility>

#include "xenstored/descriptor.hpp"
#include "xs_wire/ring.hpp"

extern "C" {
// alone and first: it asks the headers below for the toolstack's part
#include <xenctrl.h>

#include <xen/grant_table.h>
#include <xen/hvm/params.h>
#include <xenevtchn.h>
#include <xenforeignmemory.h>
#include <xengnttab.h>
}

namespace stemma::xenstored {

namespace {

constexpr char domain0_page[] = "/proc/xen/xsd_kva";
constexpr char domain0_port_file[] = "/proc/xen/xsd_port";

// Closes a library's handle.
template <class Handle, int (*close)(Handle*)>
struct Close {
    void operator()(Handle* handle) const { close(handle); }
};
using Control = std::unique_ptr<xc_interface, Close<xc_interface, xc_interface_close>>;
using EventChannels = std::unique_ptr<xenevtchn_handle, Close<xenevtchn_handle, xenevtchn_close>>;
using Grants = std::unique_ptr<xengnttab_handle, Close<xengnttab_handle, xengnttab_close>>;
using ForeignMemory = std::unique_ptr<xenforeignmemory_handle,
                                      Close<xenforeignmemory_handle, xenforeignmemory_close>>;

class Xen final : public XenInterface {
  public:
    Xen(Control control, EventChannels channels, Grants grants, ForeignMemory memory)
        : control_(std::move(control)),
          channels_(std::move(channels)),
          grants_(std::move(grants)),
          memory_(std::move(memory)),
          infos_(domains_per_call) {
        const int fd = event_fd();
        ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
    }

    std::expected<std::vector<XenDomain>, int> domains(xs::DomainId first,
                                                       std::size_t most) override {
        const int count = xc_domain_getinfolist(
            control_.get(), first, static_cast<unsigned>(std::min(most, infos_.size())),
            infos_.data());
        if (count < 0) return std::unexpected(errno);
        std::vector<XenDomain> all;
        all.reserve(static_cast<std::size_t>(count));
        for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
            const xc_domaininfo_t& info = infos_[i];
            XenDomain domain;
            domain.id = info.domain;
            domain.handle.assign(std::begin(info.handle), std::end(info.handle));
            domain.shut_down = (info.flags & XEN_DOMINF_shutdown) != 0;
            domain.dying = (info.flags & XEN_DOMINF_dying) != 0;
            all.push_back(std::move(domain));
        }
        return all;
    }

    std::uint32_t store_port(xs::DomainId domain) override {
        std::uint64_t value = 0;
        if (xc_hvm_param_get(control_.get(), domain, HVM_PARAM_STORE_EVTCHN, &value) != 0) return 0;
        return static_cast<std::uint32_t>(value);
    }

    std::expected<RingMapping, int> map_grant(xs::DomainId domain) override {
        void* const page = xengnttab_map_grant_ref(grants_.get(), domain, GNTTAB_RESERVED_XENSTORE,
                                                   PROT_READ | PROT_WRITE);
        if (page == nullptr) return std::unexpected(errno);
        return mapping(page, [grants = grants_.get()](std::byte* mapped) {
            xengnttab_unmap(grants, mapped, 1);
        });
    }

    std::expected<RingMapping, int> map_frame(xs::DomainId domain, std::uint64_t frame) override {
        const xen_pfn_t frames[1] = {frame};
        int error = 0;
        void* const page =
            xenforeignmemory_map(memory_.get(), domain, PROT_READ | PROT_WRITE, 1, frames, &error);
        if (page == nullptr) return std::unexpected(errno);
        auto mapped = mapping(page, [memory = memory_.get()](std::byte* at) {
            xenforeignmemory_unmap(memory, at, 1);
        });
        if (error != 0) return std::unexpected(error < 0 ? -error : error);
        return mapped;
    }

    std::expected<RingMapping, int> map_domain0() override {
        const Descriptor file(::open(domain0_page, O_RDWR | O_CLOEXEC));
        if (!file) return std::unexpected(errno);
        void* const page =
            ::mmap(nullptr, xs::ring_page::size, PROT_READ | PROT_WRITE, MAP_SHARED, file.get(), 0);
        if (page == MAP_FAILED) return std::unexpected(errno);
        return mapping(page, [](std::byte* mapped) { ::munmap(mapped, xs::ring_page::size); });
    }

    std::expected<std::uint32_t, int> domain0_port() override {
        const Descriptor file(::open(domain0_port_file, O_RDONLY | O_CLOEXEC));
        if (!file) return std::unexpected(errno);
        char text[20];
        const ssize_t length = ::read(file.get(), text, sizeof text);
        if (length < 0) return std::unexpected(errno);
        std::uint32_t port = 0;
        const auto parsed = std::from_chars(text, text + length, port);
        if (parsed.ec != std::errc() || port == 0) return std::unexpected(ENXIO);
        return port;
    }

    std::expected<std::uint32_t, int> bind(xs::DomainId domain, std::uint32_t remote) override {
        return port(xenevtchn_bind_interdomain(channels_.get(), domain, remote));
    }
    std::expected<std::uint32_t, int> bind_domain_events() override {
        return port(xenevtchn_bind_virq(channels_.get(), VIRQ_DOM_EXC));
    }
    std::expected<std::uint32_t, int> remote_port(std::uint32_t port) override {
        xc_evtchn_status_t status{};
        status.dom = DOMID_SELF;
        status.port = port;
        if (xc_evtchn_status(control_.get(), &status) != 0) return std::unexpected(errno);
        if (status.status != EVTCHNSTAT_interdomain) return std::unexpected(ENOTCONN);
        return status.u.interdomain.port;
    }
    void unbind(std::uint32_t port) override { xenevtchn_unbind(channels_.get(), port); }
    void notify(std::uint32_t port) override { xenevtchn_notify(channels_.get(), port); }
    int event_fd() override { return xenevtchn_fd(channels_.get()); }
    std::optional<std::uint32_t> pending() override {
        const auto found = xenevtchn_pending(channels_.get());
        if (found < 0) return std::nullopt;
        return static_cast<std::uint32_t>(found);
    }
    void unmask(std::uint32_t port) override { xenevtchn_unmask(channels_.get(), port); }

  private:
    static RingMapping mapping(void* page, std::function<void(std::byte*)> unmap) {
        return {static_cast<std::byte*>(page), std::move(unmap)};
    }
    static std::expected<std::uint32_t, int> port(xenevtchn_port_or_error_t bound) {
        if (bound < 0) return std::unexpected(errno);
        return static_cast<std::uint32_t>(bound);
    }

    Control control_;
    EventChannels channels_;
    Grants grants_;
    ForeignMemory memory_;
    std::vector<xc_domaininfo_t> infos_;
};

std::unexpected<std::string> failed(const char* what) {
    return std::unexpected(std::string(what) + ": " + std::strerror(errno));
}

}  // namespace

std::expected<std::unique_ptr<XenInterface>, std::string> open_xen() {
    Control control(xc_interface_open(nullptr, nullptr, 0));
    if (!control) return failed("open the hypervisor's control interface (libxenctrl)");
    EventChannels channels(xenevtchn_open(nullptr, 0));
    if (!channels) return failed("open the event channels (libxenevtchn)");
    Grants grants(xengnttab_open(nullptr, 0));
    if (!grants) return failed("open the grant table (libxengnttab)");
    xengnttab_set_max_grants(grants.get(), DOMID_FIRST_RESERVED);
    ForeignMemory memory(xenforeignmemory_open(nullptr, 0));
    if (!memory) return failed("open foreign memory (libxenforeignmemory)");
    return std::make_unique<Xen>(std::move(control), std::move(channels), std::move(grants),
                                 std::move(memory));
}

}  // namespace stemma::xenstored
