#include "toolstack/agent/hosted_domain.hpp"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "toolstack/file_text.hpp"
#include "xs_wire/ring.hpp"

namespace stemma::toolstack {

Result<void> make_channels(HostedDomain& domain) {
    domain.ring.reset(::memfd_create("stemma-ring", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (!domain.ring || ::ftruncate(domain.ring.get(), xs::ring_page::size) != 0 ||
        ::fcntl(domain.ring.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) {
        return system_failure("make", "a ring page", errno);
    }
    domain.wakes_daemon.reset(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    domain.wakes_domain.reset(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!domain.wakes_daemon || !domain.wakes_domain) {
        return system_failure("make", "an event channel", errno);
    }
    return {};
}

std::uint64_t processor_time(pid_t pid) {
    const auto text = read_file_text("/proc/" + std::to_string(pid) + "/schedstat", 4096);
    return text ? std::strtoull(text->c_str(), nullptr, 10) / 1000 : 0;
}

}  // namespace stemma::toolstack
