#include "toolstack/xen/xen_agent.hpp"

#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <utility>

#include "toolstack/domain_nodes.hpp"
#include "toolstack/process.hpp"

namespace stemma::toolstack {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds store_limit{30'000};
constexpr std::chrono::milliseconds again{250};
// The last one changes when a guest is made to the end.
constexpr const char* watches[] = {"@releaseDomain", "@introduceDomain", XenPlatform::creating};

}  // namespace

Result<std::unique_ptr<XenAgent>> XenAgent::open(const std::string& store_socket) {
    std::unique_ptr<XenAgent> agent(new XenAgent);
    if (auto done = agent->set_up(store_socket); !done) {
        return std::unexpected(std::move(done.error()));
    }
    return agent;
}

Result<void> XenAgent::set_up(const std::string& store_socket) {
    auto loop = EventLoop::open();
    if (!loop) return std::unexpected(std::move(loop.error()));
    loop_ = std::move(*loop);
    if (auto taken = loop_->stop_by_signals(); !taken) return taken;

    store_ = std::make_unique<SocketStore>(store_socket, store_limit);
    if (auto there = store_->connect(); !there) return std::unexpected(there.error().error());
    const auto other = store_->find(XenPlatform::agent);
    if (other && *other && is_alive(**other)) {
        return failure(ErrorKind::unavailable, "be", "the agent",
                       "another one runs: process " + **other);
    }
    auto links = NetlinkLinks::open();
    if (!links) return std::unexpected(std::move(links.error()));
    links_ = std::move(*links);
    auto platform = XenPlatform::open(*store_, *links_);
    if (!platform) return std::unexpected(std::move(platform.error()));
    platform_ = std::move(*platform);
    const auto tell = [this](const std::string& line) { log(line); };
    saver_ = std::make_unique<StateSaver>(*loop_, store_socket, tell);
    restarter_ = std::make_unique<GuestRestarter>(*loop_, tell);
    connect();
    return {};
}

Result<void> XenAgent::run() {
    auto ran = loop_->run();
    store_->remove(XenPlatform::agent);  // a mark that stays names a process that is gone
    return ran;
}

void XenAgent::connect() {
    if (watched_ >= 0) loop_->remove(std::exchange(watched_, -1));
    for (const char* path : watches) {
        const auto set = store_->watch(path, path);
        if (set || set.error().is(xs::Error::eexist)) continue;
        loop_->after(again, [this] { connect(); });
        return;
    }
    store_->write(XenPlatform::agent, process_name(::getpid()));
    watched_ = store_->descriptor();
    loop_->add(watched_, EPOLLIN, [this](std::uint32_t) { readable(); });
    look();
}

void XenAgent::readable() {
    look();
    if (store_->descriptor() != watched_) connect();
}

// Events that came between the replies to requests wait in the store, where the loop does not see
// them: after each look at the domains they are taken, until there are none.
void XenAgent::look() {
    for (bool first = true;; first = false) {
        bool any = first;
        for (;;) {
            const auto event = store_->next_event(Clock::now());
            if (!event) {
                loop_->after(again, [this] { connect(); });
                return;
            }
            if (!*event) break;
            any = true;
        }
        if (!any) return;
        const auto domains = platform_->domains();
        if (!domains) return log(to_string(domains.error()));
        std::erase_if(guests_, [&](const auto& guest) {
            const bool gone =
                std::ranges::find(*domains, guest.first, &DomainInfo::id) == domains->end();
            if (gone) saver_->forget(guest.first);
            return gone;
        });
        for (const auto& domain : *domains) {
            auto known = guests_.find(domain.id);
            if (known == guests_.end()) {
                if (!domain.kept) continue;
                known = guests_.emplace(domain.id, Guest{domain.name, Clock::now()}).first;
                saver_->follow(domain.id, domain.name);
            }
            if (domain.ended_by != Ending::none && !known->second.ending) ended(domain);
        }
    }
}

void XenAgent::ended(const DomainInfo& domain) {
    Guest& guest = guests_.at(domain.id);
    guest.ending = true;
    const auto lived = Clock::now() - guest.seen;
    log(domain.name + ", domain " + std::to_string(domain.id) + ": " + domain.ending);
    saver_->finish(domain.id, domain.name, [this, domain, lived] { bury(domain, lived); });
}

void XenAgent::bury(const DomainInfo& domain, Clock::duration lived) {
    const auto policy = read_end_policy(*store_, domain.id);
    if (const auto gone = platform_->end(domain.id); !gone) {
        log("of " + domain.name + " something is left: " + to_string(gone.error()));
    }
    guests_.erase(domain.id);
    if (policy.value_or(EndPolicy()).after(domain.ended_by) == EndAction::restart) {
        restarter_->restart(domain.name, lived);
    }
    // What came while a backend was waited for was taken for that backend's.
    loop_->after(std::chrono::milliseconds(0), [this] { look(); });
}

void XenAgent::log(const std::string& line) {
    std::fprintf(stderr, "agent: %s\n", line.c_str());
}

}  // namespace stemma::toolstack
