// Preloaded into Debian's C xenstored, this stands in for libxenctrl, libxenevtchn, libxengnttab
// and the two files of /proc/xen that it reads at its start, so that it runs on a machine without
// Xen. It answers what the daemon asks at start and for INTRODUCE; no domain ever dies.
//
// XEN_STAND_IN_DOMAINS: the domids that exist, "0,5,7"; "0" if unset.
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

extern "C" {  // not all of these headers say so themselves
#include <xenctrl.h>
#include <xenevtchn.h>
#include <xengnttab.h>
}

#include <cerrno>
#include <cstdarg>
#include <cstdint>
#include <cstdlib>
#include <cstring>

namespace {

constexpr std::size_t page_size = 4096;

// The smallest existing domid that is not below `first`; -1 if there is none.
long domain_at_or_after(std::uint32_t first) {
    const char* list = std::getenv("XEN_STAND_IN_DOMAINS");
    if (list == nullptr) list = "0";
    long found = -1;
    while (*list != '\0') {
        char* end = nullptr;
        const long domain = std::strtol(list, &end, 10);
        if (end == list) break;
        if (domain >= static_cast<long>(first) && (found < 0 || domain < found)) found = domain;
        list = *end == ',' ? end + 1 : end;
    }
    return found;
}

template <class Handle>
Handle* some_handle() {
    static char place;  // never looked into: every function that takes it is one of these
    return reinterpret_cast<Handle*>(&place);
}

int event_descriptor() {
    static const int fd = ::eventfd(0, EFD_CLOEXEC);  // never written: no event ever comes
    return fd;
}

evtchn_port_t last_port = 1;

int memory_file(const char* content) {
    const int fd = ::memfd_create("xen-stand-in", MFD_CLOEXEC);
    if (fd < 0 || ::ftruncate(fd, content != nullptr ? 0 : page_size) != 0) return -1;
    if (content != nullptr) {
        if (::write(fd, content, std::strlen(content)) < 0) return -1;
        ::lseek(fd, 0, SEEK_SET);
    }
    return fd;
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
    unsigned count = 0;
    for (long domain = domain_at_or_after(first); domain >= 0 && count < max;
         domain = domain_at_or_after(static_cast<uint32_t>(domain) + 1)) {
        std::memset(&info[count], 0, sizeof info[count]);
        info[count].domid = static_cast<uint32_t>(domain);
        info[count].running = 1;
        ++count;
    }
    if (count == 0) errno = ESRCH;
    return count == 0 ? -1 : static_cast<int>(count);
}

xenevtchn_handle* xenevtchn_open(xentoollog_logger*, unsigned) {
    return some_handle<xenevtchn_handle>();
}

xenevtchn_handle* xenevtchn_fdopen(xentoollog_logger*, int, unsigned) {
    return some_handle<xenevtchn_handle>();
}

int xenevtchn_fd(xenevtchn_handle*) {
    return event_descriptor();
}

int xenevtchn_notify(xenevtchn_handle*, evtchn_port_t) {
    return 0;
}

xenevtchn_port_or_error_t xenevtchn_bind_interdomain(xenevtchn_handle*, uint32_t, evtchn_port_t) {
    return static_cast<xenevtchn_port_or_error_t>(++last_port);
}

xenevtchn_port_or_error_t xenevtchn_bind_virq(xenevtchn_handle*, unsigned) {
    return static_cast<xenevtchn_port_or_error_t>(++last_port);
}

int xenevtchn_unbind(xenevtchn_handle*, evtchn_port_t) {
    return 0;
}

xenevtchn_port_or_error_t xenevtchn_pending(xenevtchn_handle*) {
    return -1;
}

int xenevtchn_unmask(xenevtchn_handle*, evtchn_port_t) {
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

void* xengnttab_map_grant_ref(xengnttab_handle*, uint32_t domain, uint32_t, int) {
    if (domain_at_or_after(domain) != static_cast<long>(domain)) {
        errno = EINVAL;
        return nullptr;
    }
    void* const page =
        ::mmap(nullptr, page_size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return page == MAP_FAILED ? nullptr : page;
}

int xengnttab_unmap(xengnttab_handle*, void* start, uint32_t count) {
    return ::munmap(start, count * page_size);
}

int setrlimit(__rlimit_resource_t, const rlimit*) noexcept {
    return 0;
}

int open(const char* path, int flags, ...) {
    if (std::strcmp(path, "/proc/xen/xsd_port") == 0) return memory_file("1");
    if (std::strcmp(path, "/proc/xen/xsd_kva") == 0) return memory_file(nullptr);
    using Open = int (*)(const char*, int, ...);
    static const auto real_open = reinterpret_cast<Open>(::dlsym(RTLD_NEXT, "open"));
    mode_t mode = 0;
    if ((flags & (O_CREAT | O_TMPFILE)) != 0) {
        va_list arguments;
        va_start(arguments, flags);
        mode = va_arg(arguments, mode_t);
        va_end(arguments);
    }
    return real_open(path, flags, mode);
}
// NOLINTEND

}  // extern "C"
