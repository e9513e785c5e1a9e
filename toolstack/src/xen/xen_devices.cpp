#include <chrono>
#include <utility>

#include "toolstack/agent/backend_nodes.hpp"
#include "toolstack/domain_nodes.hpp"
#include "toolstack/vif_state.hpp"
#include "toolstack/xen/xen_platform.hpp"

// How the platform on Xen gives interfaces to domains and takes devices away.
namespace stemma::toolstack {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds vif_limit{10};  // libxl's own limits are 10 and 40 s
constexpr std::chrono::seconds probe_limit{2};

}  // namespace

Result<std::string> XenPlatform::attach_port(DomainId domain, const PortRequest& request) {
    const std::string link = vif_name(domain, request.index);
    const auto refuse = [&](Error error) -> Result<std::string> {
        fail_vif(store_, domain, request.index, error.cause);
        error.state = describe_vifs(store_, domain, request.index + 1);
        return std::unexpected(std::move(error));
    };
    const auto there = link_watch_->wait(link, true, Clock::now() + vif_limit);
    if (!there) return refuse(there.error());
    if (!*there) {
        return refuse({.tried = "attach",
                       .on = "the link " + link,
                       .cause = "the kernel did not make it within " +
                                std::to_string(vif_limit.count()) + " s",
                       .next = "see whether netback is there: modprobe xen-netback"});
    }
    if (auto attached = links_.make_port(link, request.bridge); !attached) {
        return refuse(attached.error());
    }
    const auto told =
        store_.write(backend_path(domain, request.index) + "/hotplug-status", "connected");
    if (!told) return std::unexpected(told.error().error());
    return link;
}

// netback writes nodes while it takes a vif, and would write them again after they were removed.
// Where none comes for it there is none.
Result<void> XenPlatform::await_probe(const std::string& backend) {
    const std::string path = backend + "/state";
    if (auto watched = to_result(store_.watch(path, "probe")); !watched) return watched;
    const auto ended = wait_until(store_, Clock::now() + probe_limit, [&]() -> Result<bool> {
        const auto state = store_.find(path);
        if (!state) return std::unexpected(state.error().error());
        return *state != value(VifState::initialising);
    });
    store_.unwatch(path, "probe");
    if (!ended) return std::unexpected(ended.error());
    return {};
}

Result<bool> XenPlatform::begin_close(const std::string& backend, const std::string& frontend) {
    if (backend.find("/backend/vif/") != std::string::npos) {
        if (auto probed = await_probe(backend); !probed) {
            return std::unexpected(std::move(probed.error()));
        }
    }
    bool taken = false;
    const auto closing = store_.transact([&](TransactionId in) -> StoreResult<void> {
        const auto state = store_.find(backend + "/state", in);
        if (!state) return std::unexpected(state.error());
        taken = *state && **state != value(VifState::initialising);
        if (!*state) return {};
        if (auto set = store_.write(backend + "/online", "0", in); !set) return set;
        if (**state != value(VifState::closed)) {
            if (auto set = store_.write(backend + "/state", value(VifState::closing), in); !set) {
                return set;
            }
        }
        return frontend.empty() ? StoreResult<void>() : store_.remove(frontend, in);
    });
    if (!closing) return std::unexpected(closing.error().error());
    return taken;
}

Result<bool> XenPlatform::is_closed_in_time(const std::string& backend) {
    return wait_until(store_, Clock::now() + close_limit, [&]() -> Result<bool> {
        const auto state = store_.find(backend + "/state");
        if (!state) return std::unexpected(state.error().error());
        return !*state || **state == value(VifState::closed);
    });
}

// Of one that was told that its frontend is gone: nobody else has to do anything.
Result<void> XenPlatform::close_by_force(const std::string& backend) {
    const auto closed = is_closed_in_time(backend);
    if (!closed) return std::unexpected(closed.error());
    if (*closed) return {};
    const auto state = store_.find(backend + "/state");
    return failure(ErrorKind::failed, "close", backend,
                   "its backend is still " + describe_vif_state(state ? state->value_or("") : "") +
                       " after " + std::to_string(close_limit.count()) + " s",
                   "see the kernel's log, then try it again");
}

Result<bool> XenPlatform::detach_port(DomainId domain, unsigned index) {
    const std::string backend = backend_path(domain, index);
    const std::string frontend = frontend_path(domain, index);
    const auto seen = store_.find(frontend + "/state");
    if (!seen) return std::unexpected(seen.error().error());
    const auto name = store_.find(backend + "/vifname");
    if (!name) return std::unexpected(name.error().error());
    // No driver of the guest's has looked at it: there is nobody to let go.
    const bool used = *seen && **seen != value(VifState::initialising);
    if (auto watched = to_result(store_.watch(backend + "/state", "closing")); !watched) {
        return std::unexpected(std::move(watched.error()));
    }
    bool released = true;
    const auto close = [&]() -> Result<void> {
        const auto taken = begin_close(backend, used ? "" : frontend);
        if (!taken) return std::unexpected(taken.error());
        if (!*taken) return {};
        if (!used) return close_by_force(backend);
        const auto closed = is_closed_in_time(backend);
        if (!closed) return std::unexpected(closed.error());
        released = *closed;
        if (released) return {};
        if (auto forced = begin_close(backend, frontend); !forced) {
            return std::unexpected(std::move(forced.error()));
        }
        return close_by_force(backend);
    };
    auto closed = close();
    store_.unwatch(backend + "/state", "closing");
    if (!closed) return std::unexpected(std::move(closed.error()));
    const std::string link = name->value_or(vif_name(domain, index));
    const auto gone = link_watch_->wait(link, false, Clock::now() + close_limit);
    if (!gone) return std::unexpected(gone.error());
    if (!*gone) {
        return failure(ErrorKind::failed, "detach", "the link " + link,
                       "netback still has it after " + std::to_string(close_limit.count()) + " s",
                       "see the kernel's log, then try it again");
    }
    return released;
}

// As libxl ends devices by force: the backend is told to close, and that its frontend is gone.
Result<void> XenPlatform::remove_devices(DomainId domain) {
    const std::string devices = library_path(domain) + "/device";
    const auto kinds = store_.list(devices);
    if (!kinds) return std::unexpected(kinds.error().error());
    std::vector<std::string> backends;
    for (const auto& kind : *kinds) {
        const auto numbers = store_.list(devices + '/' + kind);
        if (!numbers) return std::unexpected(numbers.error().error());
        for (const auto& number : *numbers) {
            const std::string at = devices + '/' + kind + '/' + number;
            const auto backend = store_.find(at + "/backend");
            if (!backend) return std::unexpected(backend.error().error());
            if (!*backend || (*backend)->find("/backend/console/") != std::string::npos) continue;
            const auto taken =
                begin_close(**backend, xs::domain_path(domain) + "/device/" + kind + '/' + number);
            if (!taken) return std::unexpected(taken.error());
            if (*taken) {
                backends.push_back(**backend);
            } else if (auto removed = to_result(store_.remove(**backend)); !removed) {
                return removed;
            }
        }
    }
    for (const auto& backend : backends) {
        if (auto watched = to_result(store_.watch(backend + "/state", "closing")); !watched) {
            return watched;
        }
        auto closed = close_by_force(backend);
        store_.unwatch(backend + "/state", "closing");
        if (!closed) return closed;
        if (auto removed = to_result(store_.remove(backend)); !removed) return removed;
    }
    return {};
}

Result<void> XenPlatform::move_port(DomainId domain, unsigned index, const std::string& bridge) {
    if (auto moved = links_.set_master(vif_name(domain, index), bridge); !moved) return moved;
    return to_result(rename_bridge(store_, domain, index, bridge));
}

}  // namespace stemma::toolstack
