#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "toolstack/netlink_links.hpp"
#include "toolstack/platform.hpp"
#include "toolstack/store.hpp"
#include "toolstack/xen/link_watch.hpp"
#include "toolstack/xen/xen_control.hpp"

namespace stemma::toolstack {

// The platform on a Xen host, in the command's own process: builds domains with libxenguest and
// attaches the vifs that netback makes, without a script. Domains of other toolstacks are shown,
// ended and have their interfaces moved all the same.
//
// What a creator that died has left (its process is named at /tool/stemma/creating/UUID until
// keep()) is removed by the next one that opens the platform.
class XenPlatform : public Platform {
  public:
    // Below it the creators of domains that are being made, by UUID.
    static constexpr char creating[] = "/tool/stemma/creating";
    // Names the agent's process (process_name()), while one runs.
    static constexpr char agent[] = "/tool/stemma/agent";

    // True in dom0 of a Xen host.
    static bool is_here();

    // `store` and `links` must outlive it.
    static Result<std::unique_ptr<XenPlatform>> open(Store& store, NetlinkLinks& links);
    ~XenPlatform() override;

    // Our own images say so; another is ready when its interfaces are.
    ReadySign ready_sign(const std::string& image) const override;
    // Our own look for their interfaces when they start; drivers of others wait for more.
    bool takes_interfaces(const std::string& image) const override;
    Result<NewDomain> create_domain(const DomainRequest& request) override;
    Result<RingFrames> load(DomainId domain, LoadRequest request) override;
    Result<std::string> attach_port(DomainId domain, const PortRequest& request) override;
    Result<bool> detach_port(DomainId domain, unsigned index) override;
    Result<void> start(DomainId domain) override;
    Result<void> keep(DomainId domain) override;
    Result<void> destroy(DomainId domain) override;
    Result<void> pause(DomainId domain) override;
    // However often it was paused: Xen counts.
    Result<void> unpause(DomainId domain) override;
    // Of stemma's own the agent, if it runs.
    Result<Keeper> keeper(const DomainInfo& domain) override;
    // As destroy(), without saving: of one that has ended, or was never kept.
    Result<void> end(DomainId domain);
    Result<void> move_port(DomainId domain, unsigned index, const std::string& bridge) override;
    Result<std::vector<DomainInfo>> domains() override;
    // From xenconsoled's terminal: what nobody has read yet.
    Result<ConsoleOutput> console(const std::string& name, std::uint64_t offset,
                                  bool wait) override;
    Result<Descriptor> console_terminal(const std::string& name) override;

  private:
    // How long a backend may take to close, and its link to go.
    static constexpr std::chrono::seconds close_limit{10};

    // A domain on its way, until keep().
    struct Pending {
        DomainRequest request;
        NewDomain domain;
        Descriptor memory_lock;
    };
    struct Console {
        DomainId domain = 0;
        Descriptor terminal;
        std::uint64_t read = 0;
    };

    XenPlatform(Store& store, NetlinkLinks& links, std::unique_ptr<XenControl> control,
                std::unique_ptr<LinkWatch> link_watch);
    Result<void> check_memory(const DomainRequest& request);
    Result<DomainId> create_with_fresh_id(const DomainRequest& request);
    // Ends domains whose creator died.
    Result<void> bury_orphans();
    // Its backends close, its links and its nodes go.
    Result<void> remove_devices(DomainId domain);
    // Until a driver has taken a vif that was made a moment ago, if one does.
    Result<void> await_probe(const std::string& backend);
    // Tells a backend to close, and that its frontend is gone unless `frontend` is empty. False
    // when no driver had taken it: there is nothing to wait for.
    Result<bool> begin_close(const std::string& backend, const std::string& frontend);
    // False when it has not closed in time; the caller watches its state.
    Result<bool> is_closed_in_time(const std::string& backend);
    Result<void> close_by_force(const std::string& backend);
    // The descriptor does not block; `access` is open(2)'s.
    Result<Console> console_of(const std::string& name, int access);
    Result<Console*> open_console(const std::string& name);

    Store& store_;
    NetlinkLinks& links_;
    std::unique_ptr<XenControl> control_;
    std::unique_ptr<LinkWatch> link_watch_;
    std::map<DomainId, Pending> pending_;
    std::map<std::string, Console> consoles_;
};

}  // namespace stemma::toolstack
