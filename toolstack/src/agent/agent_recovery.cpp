#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <utility>

#include "toolstack/agent/agent.hpp"
#include "toolstack/agent/guest_process.hpp"
#include "toolstack/configuration.hpp"
#include "toolstack/domain_nodes.hpp"
#include "toolstack/process.hpp"

// How a new agent takes over from one that ended: the store says which process each guest is, and
// the guest's own descriptors are the ring and the event channels.
namespace stemma::toolstack {

namespace {

std::string process_path(xs::DomainId id) {
    return library_path(id) + "/stemma/process";
}

std::string text_or_empty(const StoreResult<std::optional<std::string>>& found) {
    return found ? found->value_or("") : "";
}

}  // namespace

// The process's name, and "kept" or "building".
void Agent::remember_process(const HostedDomain& domain) {
    store_->write(process_path(domain.id),
                  process_name(domain.pid) + (domain.kept ? " kept" : " building"));
    (void)write_end_policy(*store_, 0, domain.id, domain.ends);
}

// After every new connection to xenstored. One that was restarted knows the domains by what the
// link told it just now, but serves none before it is introduced again.
void Agent::recover() {
    const auto ids = store_->list("/libxl");
    if (!ids) return log("cannot read what runs: " + to_string(ids.error().error()));
    if (!std::exchange(recovered_, true)) {
        const auto last = text_or_empty(store_->find("/tool/stemma/last-domain"));
        last_domain_ = static_cast<xs::DomainId>(std::strtoul(last.c_str(), nullptr, 10));
        for (const auto& text : *ids) {
            xs::DomainId id = 0;
            const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
            if (error == std::errc() && end == text.data() + text.size()) recover_domain(id);
        }
        const auto links = ports_->links().all();
        for (const auto& link : links ? *links : std::vector<Link>()) {
            const auto dot = link.name.find('.');
            if (link.alias != VethPorts::alias || dot == std::string::npos) continue;
            const auto id = std::strtoul(link.name.c_str() + 3, nullptr, 10);
            if (domains_.contains(static_cast<xs::DomainId>(id))) continue;
            log("the link " + link.name + " of a guest that is gone is removed");
            ports_->remove(link.name);
        }
    }
    for (const auto& [id, domain] : domains_) {
        if (domain->phase != HostedDomain::Phase::running) continue;
        const auto introduced = store_->is_introduced(id);
        if (introduced && !*introduced) store_->introduce(id, 1, domain->store_port);
    }
}

void Agent::recover_domain(xs::DomainId id) {
    const auto image = text_or_empty(store_->find(library_path(id) + "/stemma/image"));
    if (image.empty()) return;  // another toolstack's
    auto owned = std::make_unique<HostedDomain>();
    HostedDomain& domain = *owned;
    const std::string home = xs::domain_path(id);
    domain.id = id;
    domain.name = text_or_empty(store_->find(home + "/name"));
    domain.uuid = text_or_empty(store_->find(home + "/vm"));
    if (domain.uuid.starts_with("/vm/")) domain.uuid.erase(0, 4);
    domain.ends = read_end_policy(*store_, id).value_or(EndPolicy());
    domain.memory = static_cast<std::uint32_t>(std::strtoul(
        text_or_empty(store_->find(library_path(id) + "/stemma/memory")).c_str(), nullptr, 10));
    domain.store_port = static_cast<std::uint32_t>(
        std::strtoul(text_or_empty(store_->find(home + "/store/port")).c_str(), nullptr, 10));
    for (unsigned i = 0; i < ports_max; ++i) {
        const auto mac = parse_mac(text_or_empty(store_->find(backend_path(id, i) + "/mac")));
        if (mac) {
            domain.ports.push_back({i, vif_name(id, i), *mac, 0, Descriptor()});
        }
    }
    domains_.emplace(id, std::move(owned));
    if (adopt(domain)) {
        log("took over " + domain.name + ", domain " + std::to_string(id));
        link_->created(id, domain.channels());
        follow_process(domain);
        if (domain.kept) return saver_->follow(id, domain.name);
    } else {
        domain.phase = HostedDomain::Phase::ended;
    }
    // Nobody is there any more who could finish making it; or it ended unseen.
    log("domain " + std::to_string(id) + " (" + domain.name + ") is removed");
    kill(domain);
}

// The numbers of the descriptors are those that start() gave.
bool Agent::adopt(HostedDomain& domain) {
    const std::string text = text_or_empty(store_->find(process_path(domain.id)));
    char* rest = nullptr;
    const auto pid = static_cast<pid_t>(std::strtol(text.c_str(), &rest, 10));
    const auto start = std::strtoull(rest, &rest, 10);
    domain.kept = std::string_view(rest) == " kept";
    if (pid <= 0) return false;
    domain.pidfd.reset(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
    // The start is looked at after the pidfd was opened: the process that it names is then the one
    // that was looked at.
    if (!domain.pidfd || process_start(pid) != start) {
        domain.pidfd.reset();
        return false;
    }
    const auto take = [&](int number) {
        return Descriptor(static_cast<int>(
            ::syscall(SYS_pidfd_getfd, domain.pidfd.get(), guest_first_descriptor + number, 0)));
    };
    domain.pid = pid;
    domain.paused = is_stopped(pid);
    domain.ring = take(0);
    domain.wakes_domain = take(1);
    domain.wakes_daemon = take(2);
    // The guest holds the writing end; opening its pipe anew gives a reading one.
    const std::string console =
        "/proc/" + std::to_string(pid) + "/fd/" + std::to_string(guest_first_descriptor + 3);
    domain.console_pipe.reset(::open(console.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    if (!domain.ring || !domain.wakes_domain || !domain.wakes_daemon) {
        log("cannot take over " + domain.name + ": its descriptors cannot be read");
        domain.kept = true;  // it was, or its state is worth keeping all the same
        ::syscall(SYS_pidfd_send_signal, domain.pidfd.get(), SIGKILL, nullptr, 0);
        domain.pidfd.reset();
        return false;
    }
    return true;
}

}  // namespace stemma::toolstack
