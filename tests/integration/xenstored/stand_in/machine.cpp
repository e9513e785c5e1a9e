#include "machine.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace stand_in {

namespace {

[[noreturn]] void give_up(const char* what) {
    std::perror(what);
    std::_Exit(1);
}

// The machine outlives the program: another one that this process becomes finds it.
constexpr const char* kept_variable = "XEN_STAND_IN_KEPT";
constexpr const char* memory_name = "xen-stand-in";

bool find_kept(Machine& machine) {
    const char* const kept = std::getenv(kept_variable);
    if (kept == nullptr || std::sscanf(kept, "%d,%d,%d", &machine.memory, &machine.event_read,
                                       &machine.event_write) != 3) {
        return false;
    }
    // One that a keeper starts again has the variable, and nothing of the machine.
    char path[32], name[64] = {};
    std::snprintf(path, sizeof path, "/proc/self/fd/%d", machine.memory);
    return ::readlink(path, name, sizeof name - 1) > 0 && std::strstr(name, memory_name) != nullptr;
}

void make_own(Machine& machine) {
    machine.memory = ::memfd_create(memory_name, 0);
    if (machine.memory < 0 || ::ftruncate(machine.memory, memory_size) != 0) give_up("memfd");
    int ends[2];
    if (::pipe2(ends, 0) != 0) give_up("pipe");
    machine.event_read = ends[0];
    machine.event_write = ends[1];
    char kept[64];
    std::snprintf(kept, sizeof kept, "%d,%d,%d", machine.memory, ends[0], ends[1]);
    ::setenv(kept_variable, kept, 1);
}

void list_domains(Host& host) {
    const char* list = std::getenv("XEN_STAND_IN_DOMAINS");
    if (list == nullptr) list = "0";
    std::uint32_t page = 1;
    while (*list != '\0') {
        char* end = nullptr;
        const long domain = std::strtol(list, &end, 10);
        if (end == list) break;
        if (domain >= 0 && domain < static_cast<long>(domains_max)) {
            host.domains[domain].exists = 1;
            host.domains[domain].page = domain == 0 ? 0 : page++;
        }
        list = *end == ',' ? end + 1 : end;
    }
}

Machine make() {
    Machine machine;
    machine.driven = std::getenv(driven_variable) != nullptr;
    const bool kept = !machine.driven && find_kept(machine);
    if (machine.driven) {
        machine.memory = memory_fd;
        machine.event_read = event_read_fd;
        machine.event_write = event_write_fd;
        machine.driver = driver_event_fd;
    } else if (!kept) {
        make_own(machine);
    }
    void* const start = ::mmap(nullptr, sizeof(Host), PROT_READ | PROT_WRITE, MAP_SHARED,
                               machine.memory, host_offset);
    if (start == MAP_FAILED) give_up("mmap");
    machine.host = static_cast<Host*>(start);  // zeros are its beginning
    if (!machine.driven && !kept) list_domains(*machine.host);
    return machine;
}

}  // namespace

Machine& machine() {
    static Machine only = make();
    return only;
}

void deliver(std::uint32_t port) {
    Machine& here = machine();
    if (!ring(here.host->ports[port])) return;
    // The pipe holds more than all ports together.
    [[maybe_unused]] const auto written = ::write(here.event_write, &port, sizeof port);
}

Domain* find_domain(std::uint32_t id) {
    if (id >= domains_max) return nullptr;
    Domain& domain = machine().host->domains[id];
    return domain.exists != 0 ? &domain : nullptr;
}

void tell_idle(std::uint64_t stimuli) {
    Machine& here = machine();
    here.host->idle = stimuli;
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(here.driver, &one, sizeof one);
}

}  // namespace stand_in
