#include "toolstack/xen/xen_platform.hpp"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <utility>

#include "toolstack/configuration.hpp"
#include "toolstack/domain_nodes.hpp"
#include "toolstack/file_text.hpp"
#include "toolstack/image_path.hpp"
#include "toolstack/process.hpp"
#include "toolstack/xen/libxl_files.hpp"

namespace stemma::toolstack {

namespace {

using Clock = std::chrono::steady_clock;

std::string creating_path(std::string_view uuid) {
    return std::string(XenPlatform::creating) + '/' + std::string(uuid);
}

// xen/include/public/sched.h; a watchdog that fired is a crash, as libxl has it.
Ending ending_of(unsigned reason) {
    constexpr Ending endings[] = {Ending::poweroff, Ending::reboot, Ending::none,
                                  Ending::crash,    Ending::crash,  Ending::none};
    return reason < std::size(endings) ? endings[reason] : Ending::crash;
}

std::string shutdown_text(unsigned reason) {
    constexpr std::string_view names[] = {"poweroff", "reboot",   "suspend",
                                          "crash",    "watchdog", "soft reset"};
    return reason < std::size(names) ? std::string(names[reason])
                                     : "reason " + std::to_string(reason);
}

}  // namespace

bool XenPlatform::is_here() {
    const auto text = read_file_text("/proc/xen/capabilities", 4096);
    return text && text->find("control_d") != std::string::npos;
}

Result<std::unique_ptr<XenPlatform>> XenPlatform::open(Store& store, NetlinkLinks& links) {
    auto control = XenControl::open();
    if (!control) return std::unexpected(std::move(control.error()));
    auto watch = LinkWatch::open(links);
    if (!watch) return std::unexpected(std::move(watch.error()));
    std::unique_ptr<XenPlatform> platform(
        new XenPlatform(store, links, std::move(*control), std::move(*watch)));
    if (auto buried = platform->bury_orphans(); !buried) {
        return std::unexpected(std::move(buried.error()));
    }
    return platform;
}

XenPlatform::XenPlatform(Store& store, NetlinkLinks& links, std::unique_ptr<XenControl> control,
                         std::unique_ptr<LinkWatch> link_watch)
    : store_(store),
      links_(links),
      control_(std::move(control)),
      link_watch_(std::move(link_watch)) {}

XenPlatform::~XenPlatform() {
    while (!pending_.empty())
        (void)end(pending_.begin()->first);  // nobody is left to tell; the next one finds the mark
}

ReadySign XenPlatform::ready_sign(const std::string& image) const {
    return is_own_image(image) ? ReadySign::own_word : ReadySign::interfaces;
}

bool XenPlatform::takes_interfaces(const std::string& image) const {
    return !is_own_image(image);
}

Result<void> XenPlatform::bury_orphans() {
    const auto uuids = store_.list(creating);
    if (!uuids) return std::unexpected(uuids.error().error());
    for (const auto& text : *uuids) {
        const auto creator = store_.find(creating_path(text));
        if (!creator) return std::unexpected(creator.error().error());
        if (!*creator || is_alive(**creator)) continue;
        const auto uuid = parse_uuid(text);
        const auto all = control_->domains();
        if (!all) return std::unexpected(all.error());
        for (const auto& domain : *all) {
            if (uuid && domain.uuid == *uuid) {
                if (auto ended = end(domain.id); !ended) return ended;
            }
        }
        if (auto removed = to_result(store_.remove(creating_path(text))); !removed) return removed;
    }
    return {};
}

Result<void> XenPlatform::check_memory(const DomainRequest& request) {
    const auto free = control_->free_memory_kb();
    if (!free) return std::unexpected(free.error());
    const std::uint64_t needed = XenControl::needed_kb(request.memory, request.vcpus);
    if (*free >= needed) return {};
    return failure(ErrorKind::refused, "create", "the guest " + request.name,
                   "it needs " + std::to_string(needed / 1024) + " MB and Xen has " +
                       std::to_string(*free / 1024) + " MB free",
                   "end another guest, or take memory from dom0: xl mem-set 0 MB");
}

Result<DomainId> XenPlatform::create_with_fresh_id(const DomainRequest& request) {
    const auto uuid = parse_uuid(request.uuid);
    if (!uuid) {
        return failure(ErrorKind::failed, "create", "the guest " + request.name,
                       request.uuid + " is no UUID");
    }
    for (;;) {
        const auto id =
            control_->create(*uuid, request.memory, request.vcpus, !request.paravirtual);
        if (!id || !is_recent_domain_id(*id)) return id;
        if (auto gone = control_->destroy(*id); !gone) return std::unexpected(gone.error());
    }
}

Result<NewDomain> XenPlatform::create_domain(const DomainRequest& request) {
    // Held until the memory is taken, in load(); by then the name is in XenStore too, so that of
    // two who create the same guest the second sees the first.
    auto lock = lock_xl_memory();
    if (!lock) return std::unexpected(std::move(lock.error()));
    const auto all = domains();
    if (!all) return std::unexpected(all.error());
    const auto same = std::ranges::find(*all, request.name, &DomainInfo::name);
    if (same != all->end()) {
        return failure(ErrorKind::refused, "create", "the guest " + request.name,
                       "it is there already, as domain " + std::to_string(same->id) + ", " +
                           std::string(name(same->state)),
                       "stemma destroy " + request.name);
    }
    if (auto enough = check_memory(request); !enough) {
        return std::unexpected(std::move(enough.error()));
    }
    if (auto marked =
            to_result(store_.write(creating_path(request.uuid), process_name(::getpid())));
        !marked) {
        return std::unexpected(std::move(marked.error()));
    }
    const auto id = create_with_fresh_id(request);
    if (!id) {
        store_.remove(creating_path(request.uuid));
        return std::unexpected(id.error());
    }
    auto& pending = pending_[*id];
    pending.request = request;
    pending.memory_lock = std::move(*lock);
    auto domain = control_->make_channels(*id);
    if (!domain) {
        (void)end(*id);  // the first error is the one to tell
        return domain;
    }
    pending.domain = *domain;
    return domain;
}

Result<RingFrames> XenPlatform::load(DomainId domain, LoadRequest request) {
    const auto found = pending_.find(domain);
    if (found == pending_.end()) {
        return failure(ErrorKind::failed, "load", "domain " + std::to_string(domain),
                       "this process did not create it");
    }
    Pending& pending = found->second;
    const bool own = is_own_image(request.image);
    XenImage image{.kernel = own ? guest_directory() + '/' + request.image + ".elf" : request.image,
                   .ramdisk = request.ramdisk,
                   .command_line = request.arguments,
                   .memory = pending.request.memory,
                   .vcpus = pending.request.vcpus,
                   .hardware = !pending.request.paravirtual};
    // Only our own images know what a seed and a saved state are; another would take the first of
    // them for its ramdisk.
    std::array<unsigned char, 32> seed;
    if (own) {
        if (auto file = check_image_file(request.image, image.kernel); !file)
            return std::unexpected(std::move(file.error()));
        if (::getentropy(seed.data(), seed.size()) != 0)
            return system_failure("draw a seed for", "the guest " + pending.request.name, errno);
        image.seed = seed;
    }
    void* state = MAP_FAILED;
    struct stat status {};
    if (request.state && own && ::fstat(request.state->get(), &status) == 0 && status.st_size > 0) {
        const auto size = static_cast<std::size_t>(status.st_size);
        state = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, request.state->get(), 0);
        if (state == MAP_FAILED) return system_failure("map", "the saved state", errno);
        image.module = {static_cast<const char*>(state), size};
    }
    auto frames = control_->build(pending.domain, image);
    if (state != MAP_FAILED) ::munmap(state, image.module.size());
    pending.memory_lock.reset();
    if (!frames) return frames;
    const auto written = write_libxl_configuration(
        domain, {pending.request.name, pending.request.uuid, pending.request.paravirtual,
                 pending.request.memory, pending.request.vcpus, image.kernel, image.command_line});
    if (!written) return std::unexpected(written.error());
    return frames;
}

Result<void> XenPlatform::start(DomainId domain) {
    return control_->unpause(domain);
}

Result<void> XenPlatform::keep(DomainId domain) {
    const auto found = pending_.find(domain);
    if (found == pending_.end()) {
        return failure(ErrorKind::failed, "keep", "domain " + std::to_string(domain),
                       "this process did not create it");
    }
    const auto& request = found->second.request;
    const std::string ours = library_path(domain) + "/stemma";
    auto kept = to_result(store_.transact([&](TransactionId transaction) -> StoreResult<void> {
        if (auto set = write_end_policy(store_, transaction, domain, request.ends); !set) {
            return set;
        }
        if (auto set = store_.write(ours + "/kept", "1", transaction); !set) return set;
        return store_.remove(creating_path(request.uuid), transaction);
    }));
    if (kept) pending_.erase(found);
    return kept;
}

Result<void> XenPlatform::end(DomainId domain) {
    std::string uuid;
    if (const auto found = pending_.find(domain); found != pending_.end()) {
        uuid = found->second.request.uuid;
        pending_.erase(found);
    }
    const auto known = control_->domain(domain);
    if (!known) return std::unexpected(known.error());
    if (*known) {
        if (uuid.empty()) uuid = to_string((*known)->uuid);
        if (!(*known)->dying) (void)control_->pause(domain);  // only so that it does not fight
    }
    auto devices = remove_devices(domain);
    if (*known && !(*known)->dying) {
        if (auto destroyed = control_->destroy(domain); !destroyed) return destroyed;
    }
    for (unsigned i = 0; i < interfaces_max; ++i) {
        const auto gone = link_watch_->wait(vif_name(domain, i), false, Clock::now() + close_limit);
        if (!gone) return std::unexpected(gone.error());
    }
    if (auto removed = to_result(remove_domain_nodes(store_, domain, uuid)); !removed)
        return removed;
    if (auto removed = to_result(store_.remove(creating_path(uuid))); !removed) return removed;
    remove_libxl_files(domain, uuid);
    if (auto marked = mark_recent_domain_id(domain); !marked) return marked;
    return devices;
}

Result<void> XenPlatform::destroy(DomainId domain) {
    const auto known = control_->domain(domain);
    if (!known) return std::unexpected(known.error());
    if (!*known) {
        return failure(ErrorKind::not_found, "destroy", "domain " + std::to_string(domain),
                       "there is no such domain", "stemma list");
    }
    const auto kept = store_.find(library_path(domain) + "/stemma/kept");
    const auto name = store_.find(xs::domain_path(domain) + "/name");
    if (kept && *kept && name && *name) {
        // Its last words; a guest without network state has none.
        const auto saved = store_.control({"save-guest", std::to_string(domain), **name});
        // Another xenstored remembers nothing, and says that it does not know the word.
        if (!saved && !saved.error().is(xs::Error::enoent) &&
            !saved.error().is(xs::Error::einval)) {
            return std::unexpected(saved.error().error());
        }
    }
    return end(domain);
}

Result<void> XenPlatform::pause(DomainId domain) {
    return control_->pause(domain);
}

Result<void> XenPlatform::unpause(DomainId domain) {
    for (;;) {
        const auto known = control_->domain(domain);
        if (!known) return std::unexpected(known.error());
        if (!*known || !(*known)->paused) return {};
        if (auto unpaused = control_->unpause(domain); !unpaused) return unpaused;
    }
}

Result<Keeper> XenPlatform::keeper(const DomainInfo& domain) {
    if (!domain.kept) return Keeper::other_toolstack;
    const auto process = store_.find(agent);
    if (!process) return std::unexpected(process.error().error());
    return *process && is_alive(**process) ? Keeper::agent : Keeper::nobody;
}

Result<std::vector<DomainInfo>> XenPlatform::domains() {
    const auto all = control_->domains();
    if (!all) return std::unexpected(all.error());
    std::vector<std::string> paths;
    for (const auto& domain : *all) {
        paths.push_back(xs::domain_path(domain.id) + "/name");
        paths.push_back(library_path(domain.id) + "/stemma/image");
        paths.push_back(library_path(domain.id) + "/stemma/kept");
    }
    const auto values = store_.find_all(paths);
    if (!values) return std::unexpected(values.error().error());
    std::vector<DomainInfo> found;
    for (std::size_t i = 0; i < all->size(); ++i) {
        const auto& domain = (*all)[i];
        if (domain.id == 0) continue;
        const auto &name = (*values)[3 * i], &made = (*values)[3 * i + 1],
                   &kept = (*values)[3 * i + 2];
        DomainInfo info{.id = domain.id,
                        .name = name.value_or(""),
                        .uuid = to_string(domain.uuid),
                        .memory = static_cast<std::uint32_t>((domain.memory_kb + 512) / 1024),
                        .cpu_microseconds = domain.cpu_nanoseconds / 1000};
        info.state = domain.dying || domain.shutdown ? DomainState::shut_down
                     : made && !kept                 ? DomainState::building
                     : domain.paused                 ? DomainState::paused
                                                     : DomainState::running;
        info.kept = kept.has_value();
        if (domain.shutdown) {
            info.ended_by = ending_of(*domain.shutdown);
            info.ending = shutdown_text(*domain.shutdown);
        }
        found.push_back(std::move(info));
    }
    return found;
}

}  // namespace stemma::toolstack
