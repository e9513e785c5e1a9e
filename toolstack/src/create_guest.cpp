#include "toolstack/create_guest.hpp"

#include <algorithm>
#include <utility>

#include "toolstack/domain_nodes.hpp"
#include "toolstack/saved_state.hpp"
#include "toolstack/uuid.hpp"

namespace stemma::toolstack {

namespace {

using Clock = std::chrono::steady_clock;

// The last lines of what the guest wrote: often the only witness of why it ended.
std::string last_words(Platform& platform, const std::string& name) {
    const auto output = platform.console(name, 0, false);
    if (!output || output->text.empty()) return "it wrote nothing to its console";
    std::string_view text = output->text;
    while (text.ends_with('\n'))
        text.remove_suffix(1);
    std::size_t from = text.size();
    for (int lines = 0; lines < 5 && from != std::string_view::npos && from > 0; ++lines)
        from = text.rfind('\n', from - 1);
    if (from == std::string_view::npos) from = 0;
    return "its console ends: " + std::string(text.substr(from));
}

class Creation {
  public:
    Creation(Store& store, Platform& platform, const std::string& name, const Guest& guest)
        : store_(store),
          platform_(platform),
          name_(name),
          guest_(guest),
          uuid_(guest.uuid.empty() ? to_string(random_uuid()) : guest.uuid) {}

    Result<CreatedGuest> run(const CreateOptions& options) {
        auto done = steps(options);
        store_.unwatch(ready_path(), "ready");
        store_.unwatch("@releaseDomain", "release");
        if (done) return std::move(created_);
        return undo(std::move(done.error()));
    }

  private:
    bool by_interfaces() const {
        return platform_.ready_sign(guest_.image) == ReadySign::interfaces;
    }
    // Below which something changes when the guest becomes ready.
    std::string ready_path() const {
        return by_interfaces() ? "/local/domain/0/backend/vif/" + std::to_string(domain_.id)
                               : xs::domain_path(domain_.id) + "/data/ready";
    }
    Result<bool> is_ready() {
        if (!by_interfaces()) {
            const auto word = store_.find(ready_path());
            if (!word) return std::unexpected(word.error().error());
            return *word == "1";
        }
        for (unsigned i = 0; i < guest_.interfaces.size(); ++i) {
            const auto connected = is_vif_connected(store_, domain_.id, i);
            if (!connected) return std::unexpected(connected.error().error());
            if (!*connected) return false;
        }
        return true;
    }

    Result<void> steps(const CreateOptions& options) {
        mark_ = Clock::now();
        LoadRequest load{guest_.image, guest_.ramdisk, command_line(guest_), {}};
        if (!options.fresh) {
            auto state = find_saved_state(store_, name_);
            if (!state) return std::unexpected(std::move(state.error()));
            if (*state) {
                created_.restored_bytes = (*state)->size;
                load.state = std::move((*state)->memory);
            }
            step("saved state");
        }
        if (auto own = check_uuid(); !own) return own;
        auto domain = platform_.create_domain(
            {name_, uuid_, guest_.type == GuestType::pv, guest_.memory, guest_.vcpus, guest_.ends});
        if (!domain) return std::unexpected(std::move(domain.error()));
        domain_ = *domain;
        created_.domain = domain_.id;
        step("domain");

        const auto written = store_.transact([&](TransactionId transaction) {
            return write_domain_nodes(store_, transaction, {domain_, name_, uuid_, &guest_});
        });
        if (!written) return std::unexpected(written.error().error());
        step("nodes");

        const auto frames = platform_.load(domain_.id, std::move(load));
        if (!frames) return std::unexpected(frames.error());
        step("image");

        if (auto introduced = introduce(*frames); !introduced) {
            return std::unexpected(introduced.error().error());
        }
        step("introduce");

        for (unsigned i = 0; i < guest_.interfaces.size(); ++i) {
            const auto& interface = guest_.interfaces[i];
            auto link = platform_.attach_port(domain_.id, {i, interface.bridge, interface.mac});
            if (!link) return std::unexpected(std::move(link.error()));
        }
        step("ports");

        if (options.wait) {
            for (const auto& [path, token] :
                 {std::pair{ready_path(), "ready"},
                  std::pair{std::string("@releaseDomain"), "release"}}) {
                if (auto watched = store_.watch(path, token); !watched) {
                    return std::unexpected(watched.error().error());
                }
            }
        }
        if (auto started = platform_.start(domain_.id); !started) return started;
        step("start");

        if (options.wait) {
            if (auto ready = wait_until_ready(options.limit); !ready) return ready;
            step("ready");
        }
        if (options.before_keep) {
            if (auto done = options.before_keep(); !done) return done;
            step("configuration");
        }
        return platform_.keep(domain_.id);
    }

    // By it Xen, libxl and /vm know a domain. One without a name has been destroyed.
    Result<void> check_uuid() {
        if (guest_.uuid.empty()) return {};
        const auto domains = platform_.domains();
        if (!domains) return std::unexpected(domains.error());
        for (const auto& domain : *domains) {
            if (domain.uuid != uuid_ || domain.name.empty() || domain.name == name_) continue;
            return failure(ErrorKind::refused, "create", "the guest " + name_,
                           "domain " + std::to_string(domain.id) + ", " + domain.name +
                               ", has its UUID " + uuid_);
        }
        return {};
    }

    StoreResult<void> introduce(const RingFrames& frames) {
        auto written = store_.transact([&](TransactionId transaction) {
            return write_ring_nodes(store_, transaction, domain_.id, frames);
        });
        if (!written) return written;
        return store_.introduce(domain_.id, frames.store, domain_.store_port);
    }

    Result<void> wait_until_ready(std::chrono::milliseconds limit) {
        const auto fail = [&](std::string cause, std::string next) -> std::unexpected<Error> {
            auto error = failure(ErrorKind::failed, "start the guest", name_, std::move(cause),
                                 std::move(next));
            error.error().state = describe_vifs(store_, domain_.id, guest_.interfaces.size());
            return error;
        };
        const auto ready = wait_until(store_, Clock::now() + limit, [&]() -> Result<bool> {
            auto serves = is_ready();
            if (!serves || *serves) return serves;
            const auto domains = platform_.domains();
            if (!domains) return std::unexpected(domains.error());
            const auto own = std::ranges::find(*domains, domain_.id, &DomainInfo::id);
            if (own == domains->end() || own->state == DomainState::shut_down) {
                const std::string ending = own == domains->end() ? "" : own->ending;
                return fail("it ended before it was ready (" + ending + "); " +
                                last_words(platform_, name_),
                            "correct what its console names, and create it again");
            }
            return false;
        });
        if (!ready) return std::unexpected(ready.error());
        if (*ready) return {};
        return fail((by_interfaces() ? "its interfaces were not connected within "
                                     : "it did not write " + ready_path() + " within ") +
                        std::to_string(limit.count()) + " ms; " + last_words(platform_, name_),
                    "give it longer (--timeout), or create it with --no-wait and read "
                    "`stemma console " +
                        name_ + '`');
    }

    std::unexpected<Error> undo(Error error) {
        if (domain_.id == 0) return std::unexpected(std::move(error));
        const auto destroyed = platform_.destroy(domain_.id);
        const auto removed = remove_domain_nodes(store_, domain_.id, uuid_);
        if (!destroyed || !removed) {
            add_remains(error, destroyed ? removed.error().error() : destroyed.error());
        }
        return std::unexpected(std::move(error));
    }

    void step(std::string name) {
        const auto now = Clock::now();
        created_.steps.push_back(
            {std::move(name), std::chrono::duration_cast<std::chrono::microseconds>(now - mark_)});
        mark_ = now;
    }

    Store& store_;
    Platform& platform_;
    const std::string& name_;
    const Guest& guest_;
    std::string uuid_;
    NewDomain domain_;
    CreatedGuest created_;
    Clock::time_point mark_;
};

}  // namespace

Result<CreatedGuest> create_guest(Store& store, Platform& platform, const std::string& name,
                                  const Guest& guest, const CreateOptions& options) {
    return Creation(store, platform, name, guest).run(options);
}

}  // namespace stemma::toolstack
