#include "toolstack/attach_interface.hpp"

#include <utility>

#include "toolstack/domain_nodes.hpp"
#include "toolstack/interface_match.hpp"

namespace stemma::toolstack {

namespace {

constexpr char token[] = "connected";

// What is compared with the configuration from now on (Observed): a guest that is made now would
// be started with these words.
StoreResult<void> record_words(Store& store, TransactionId transaction, DomainId domain,
                               const Guest* guest) {
    if (guest == nullptr) return {};
    const auto made = read_made_from(store, domain, transaction);
    if (!made) return std::unexpected(made.error());
    if (!*made) return {};
    const auto match = match_interfaces(*guest, (*made)->vifs);
    return write_arguments(store, transaction, domain, present_command_line(*guest, match));
}

Result<void> remove_nodes(Store& store, DomainId domain, unsigned index, const Guest* guest) {
    return to_result(store.transact([&](TransactionId transaction) -> StoreResult<void> {
        if (auto removed = remove_vif_nodes(store, transaction, domain, index); !removed) {
            return removed;
        }
        return record_words(store, transaction, domain, guest);
    }));
}

Result<void> wait_until_connected(Store& store, DomainId domain, unsigned index,
                                  std::chrono::milliseconds limit) {
    const auto connected =
        wait_until(store, std::chrono::steady_clock::now() + limit, [&]() -> Result<bool> {
            const auto now = is_vif_connected(store, domain, index);
            if (!now) return std::unexpected(now.error().error());
            return *now;
        });
    if (!connected) return std::unexpected(connected.error());
    if (*connected) return {};
    auto late =
        failure(ErrorKind::failed, "attach", "interface " + std::to_string(index),
                "the guest did not connect it within " + std::to_string(limit.count()) + " ms",
                "see whether its kernel has a driver; give it longer (--timeout), or "
                "leave it there (--no-wait)");
    late.error().state = describe_vif(store, domain, index);
    return late;
}

}  // namespace

Result<void> attach_interface(Store& store, Platform& platform, DomainId domain, unsigned index,
                              const Interface& interface, const Guest* guest,
                              const CreateOptions& options) {
    const std::string state = backend_path(domain, index) + "/state";
    const auto steps = [&]() -> Result<void> {
        auto written =
            to_result(store.transact([&](TransactionId transaction) -> StoreResult<void> {
                if (auto nodes = write_vif_nodes(store, transaction, domain, index, interface);
                    !nodes) {
                    return nodes;
                }
                return record_words(store, transaction, domain, guest);
            }));
        if (!written) return written;
        if (options.wait) {
            if (auto watched = to_result(store.watch(state, token)); !watched) return watched;
        }
        const auto link = platform.attach_port(domain, {index, interface.bridge, interface.mac});
        if (!link) return std::unexpected(link.error());
        return options.wait ? wait_until_connected(store, domain, index, options.limit)
                            : Result<void>();
    };
    auto done = steps();
    if (options.wait) store.unwatch(state, token);
    if (done) return done;
    const auto detached = platform.detach_port(domain, index);
    const auto removed = remove_nodes(store, domain, index, guest);
    if (!detached || !removed) {
        add_remains(done.error(), detached ? removed.error() : detached.error());
    }
    return done;
}

Result<bool> detach_interface(Store& store, Platform& platform, DomainId domain, unsigned index,
                              const Guest* guest) {
    auto released = platform.detach_port(domain, index);
    if (!released) return released;
    if (auto removed = remove_nodes(store, domain, index, guest); !removed) {
        return std::unexpected(std::move(removed.error()));
    }
    return released;
}

}  // namespace stemma::toolstack
