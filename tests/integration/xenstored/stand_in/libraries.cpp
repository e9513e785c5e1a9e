// libxenctrl, libxenevtchn, libxengnttab and libxenforeignmemory, as far as a xenstored asks.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

extern "C" {  // not all of these headers say so themselves
#include <xenctrl.h>

#include <xen/hvm/params.h>
#include <xenevtchn.h>
#include <xenforeignmemory.h>
#include <xengnttab.h>
}

#include <cerrno>
#include <cstring>

#include "machine.hpp"

namespace {

using stand_in::Domain;
using stand_in::find_domain;
using stand_in::machine;
using stand_in::PortState;

template <class Handle>
Handle* some_handle() {
    static char place;  // never looked into: every function that takes it is one of these
    return reinterpret_cast<Handle*>(&place);
}

template <class Answer>
Answer refuse(int why, Answer answer) {
    errno = why;
    return answer;
}

void* map_page(std::uint32_t page) {
    void* const start = ::mmap(nullptr, stand_in::page_size, PROT_READ | PROT_WRITE, MAP_SHARED,
                               machine().memory, static_cast<off_t>(page * stand_in::page_size));
    return start == MAP_FAILED ? nullptr : start;
}

// The ring, by its frame: a driven domain's frame is its page, an undriven one has any.
void* map_frame(std::uint32_t id, std::uint64_t frame) {
    const Domain* const domain = find_domain(id);
    if (domain == nullptr || (machine().driven && frame != domain->page)) {
        return refuse(EINVAL, nullptr);
    }
    return map_page(domain->page);
}

// The descriptor of the event channel device. One for each that opens it, so that what a program
// leaves to the next in its process can be told from what that opens.
int device = -1;

int open_device(bool stays_open) {
    if (machine().driven) return machine().event_read;
    return ::fcntl(machine().event_read, stays_open ? F_DUPFD : F_DUPFD_CLOEXEC, 3);
}

bool is_open(int fd) {
    struct stat here {};
    struct stat events {};
    return ::fstat(fd, &here) == 0 && ::fstat(machine().event_read, &events) == 0 &&
           here.st_ino == events.st_ino && here.st_dev == events.st_dev;
}

// As the kernel does when the device is closed.
void unbind_closed(Domain& domain) {
    auto& port = machine().host->ports[domain.local_port];
    if (domain.local_port == 0 || is_open(port.device)) return;
    port.state = PortState::closed;
    domain.local_port = 0;
}

xenevtchn_port_or_error_t new_port(std::uint32_t domain, bool is_virq) {
    for (std::uint32_t at = 1; at < stand_in::wake_port; ++at) {
        auto& port = machine().host->ports[at];
        if (port.state != PortState::closed) continue;
        port.domain = domain;
        port.is_virq = is_virq ? 1 : 0;
        port.device = device;
        port.state = PortState::quiet;
        return static_cast<xenevtchn_port_or_error_t>(at);
    }
    return refuse(ENOSPC, -1);
}

template <class Each>
int list_domains(std::uint32_t first, unsigned max, Each each) {
    unsigned count = 0;
    for (std::uint32_t id = first; id < stand_in::domains_max && count < max; ++id) {
        if (const Domain* const domain = find_domain(id)) each(count++, id, *domain);
    }
    return static_cast<int>(count);
}

}  // namespace

extern "C" {

// NOLINTBEGIN: names, types and exceptions are those of the libraries
xc_interface* xc_interface_open(xentoollog_logger*, xentoollog_logger*, unsigned) {
    return some_handle<xc_interface>();
}

int xc_interface_close(xc_interface*) {
    return 0;
}

int xc_domain_getinfo(xc_interface*, uint32_t first, unsigned max, xc_dominfo_t* info) {
    const int count = list_domains(first, max, [&](unsigned at, uint32_t id, const Domain& domain) {
        std::memset(&info[at], 0, sizeof info[at]);
        info[at].domid = id;
        info[at].dying = domain.dying != 0;
        const bool crashed = domain.shut_down != 0 && domain.reason == SHUTDOWN_crash;
        info[at].shutdown = domain.shut_down != 0 && !crashed;
        info[at].crashed = crashed;
        info[at].shutdown_reason = domain.reason;
        info[at].running = domain.shut_down == 0 && domain.dying == 0;
    });
    return count == 0 ? refuse(ESRCH, -1) : count;
}

int xc_domain_getinfolist(xc_interface*, uint32_t first, unsigned max, xc_domaininfo_t* info) {
    return list_domains(first, max, [&](unsigned at, uint32_t id, const Domain& domain) {
        std::memset(&info[at], 0, sizeof info[at]);
        info[at].domain = static_cast<domid_t>(id);
        if (domain.dying != 0) info[at].flags |= XEN_DOMINF_dying;
        if (domain.shut_down != 0) {
            info[at].flags |= XEN_DOMINF_shutdown | domain.reason << XEN_DOMINF_shutdownshift;
        } else {
            info[at].flags |= XEN_DOMINF_running;
        }
        info[at].handle[0] = static_cast<uint8_t>(domain.page);  // no two domains are the same
    });
}

int xc_evtchn_status(xc_interface*, xc_evtchn_status_t* status) {
    if (status->dom != DOMID_SELF || status->port >= stand_in::ports_max) return refuse(EINVAL, -1);
    const auto& port = machine().host->ports[status->port];
    status->status = EVTCHNSTAT_closed;
    if (port.state == PortState::closed) return 0;
    status->status = port.is_virq != 0 ? EVTCHNSTAT_virq : EVTCHNSTAT_interdomain;
    if (port.is_virq != 0) return 0;
    status->u.interdomain.dom = static_cast<domid_t>(port.domain);
    // A domain without a port of its own takes any, so 1 is as good.
    const std::uint32_t own = machine().host->domains[port.domain].port;
    status->u.interdomain.port = own != 0 ? own : 1;
    return 0;
}

int xc_hvm_param_get(xc_interface*, uint32_t id, uint32_t parameter, uint64_t* value) {
    const Domain* const domain = find_domain(id);
    if (domain == nullptr || parameter != HVM_PARAM_STORE_EVTCHN) return refuse(EINVAL, -1);
    *value = domain->port;
    return 0;
}

void* xc_map_foreign_range(xc_interface*, uint32_t domain, int, int, unsigned long frame) {
    return map_frame(domain, frame);
}

xenforeignmemory_handle* xenforeignmemory_open(xentoollog_logger*, unsigned) {
    return some_handle<xenforeignmemory_handle>();
}

int xenforeignmemory_close(xenforeignmemory_handle*) {
    return 0;
}

void* xenforeignmemory_map(xenforeignmemory_handle*, uint32_t domain, int, size_t pages,
                           const xen_pfn_t frames[], int errors[]) {
    void* const start = pages == 1 ? map_frame(domain, frames[0]) : refuse(EINVAL, nullptr);
    if (errors != nullptr) errors[0] = start == nullptr ? -EINVAL : 0;
    return start;
}

int xenforeignmemory_unmap(xenforeignmemory_handle*, void* start, size_t pages) {
    return ::munmap(start, pages * stand_in::page_size);
}

xenevtchn_handle* xenevtchn_open(xentoollog_logger*, unsigned flags) {
    device = open_device((flags & XENEVTCHN_NO_CLOEXEC) != 0);
    return some_handle<xenevtchn_handle>();
}

xenevtchn_handle* xenevtchn_fdopen(xentoollog_logger*, int fd, unsigned) {
    device = fd;
    return some_handle<xenevtchn_handle>();
}

int xenevtchn_close(xenevtchn_handle*) {
    return 0;
}

int xenevtchn_fd(xenevtchn_handle*) {
    return device;
}

int xenevtchn_notify(xenevtchn_handle*, evtchn_port_t local) {
    if (local >= stand_in::ports_max) return refuse(EINVAL, -1);
    const auto& port = machine().host->ports[local];
    if (port.state == PortState::closed || port.is_virq != 0) return refuse(EINVAL, -1);
    ++machine().host->domains[port.domain].rung;
    return 0;
}

xenevtchn_port_or_error_t xenevtchn_bind_interdomain(xenevtchn_handle*, uint32_t id,
                                                     evtchn_port_t remote) {
    Domain* const domain = find_domain(id);
    if (domain == nullptr) return refuse(ESRCH, -1);
    unbind_closed(*domain);
    if (domain->local_port != 0 || (domain->port != 0 && domain->port != remote)) {
        return refuse(EINVAL, -1);
    }
    const auto local = new_port(id, false);
    if (local < 0) return local;
    domain->local_port = static_cast<uint32_t>(local);
    // What the domain rang before is lost, so Xen rings once at the bind.
    stand_in::deliver(static_cast<uint32_t>(local));
    return local;
}

xenevtchn_port_or_error_t xenevtchn_bind_virq(xenevtchn_handle*, unsigned virq) {
    if (virq != VIRQ_DOM_EXC) return refuse(EINVAL, -1);
    const auto local = new_port(0, true);
    if (local > 0) machine().host->virq_port = static_cast<uint32_t>(local);
    return local;
}

int xenevtchn_unbind(xenevtchn_handle*, evtchn_port_t local) {
    if (local >= stand_in::ports_max) return refuse(EINVAL, -1);
    auto& port = machine().host->ports[local];
    if (port.state == PortState::closed) return refuse(EINVAL, -1);
    port.state = PortState::closed;
    Domain& domain = machine().host->domains[port.domain];
    if (port.is_virq == 0 && domain.local_port == local) domain.local_port = 0;
    return 0;
}

// As the device does, waits while nothing is pending, unless its descriptor was made non-blocking.
xenevtchn_port_or_error_t xenevtchn_pending(xenevtchn_handle*) {
    uint32_t local = 0;
    if (::read(machine().event_read, &local, sizeof local) != sizeof local) return -1;
    return static_cast<xenevtchn_port_or_error_t>(local);
}

int xenevtchn_unmask(xenevtchn_handle*, evtchn_port_t local) {
    if (local >= stand_in::ports_max) return refuse(EINVAL, -1);
    if (local == stand_in::wake_port) return 0;
    auto& port = machine().host->ports[local];
    PortState seen = PortState::delivered;
    if (port.state.compare_exchange_strong(seen, PortState::quiet)) return 0;
    if (seen != PortState::rung_again) return seen == PortState::closed ? refuse(EINVAL, -1) : 0;
    port.state = PortState::quiet;
    stand_in::deliver(local);
    return 0;
}

xengnttab_handle* xengnttab_open(xentoollog_logger*, unsigned) {
    return some_handle<xengnttab_handle>();
}

int xengnttab_close(xengnttab_handle*) {
    return 0;
}

int xengnttab_set_max_grants(xengnttab_handle*, uint32_t) {
    return 0;
}

void* xengnttab_map_grant_ref(xengnttab_handle*, uint32_t id, uint32_t grant, int) {
    const Domain* const domain = find_domain(id);
    if (domain == nullptr || id == 0 || grant != GNTTAB_RESERVED_XENSTORE) {
        return refuse(EINVAL, nullptr);
    }
    return map_page(domain->page);
}

int xengnttab_unmap(xengnttab_handle*, void* start, uint32_t count) {
    return ::munmap(start, count * stand_in::page_size);
}
// NOLINTEND

}  // extern "C"
