#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "toolstack/configuration.hpp"
#include "toolstack/platform.hpp"
#include "toolstack/store.hpp"

namespace stemma::toolstack {

// The nodes that libxl writes for a domain (libxl_create.c, libxl_nic.c of Xen 4.17), so that xl,
// drivers and other tools find on our guests what they expect, and three of ours below
// /libxl/N/stemma that say from what the guest was made.

std::string frontend_path(DomainId domain, unsigned index);  // /local/domain/N/device/vif/I
std::string backend_path(DomainId domain, unsigned index);   // /local/domain/0/backend/vif/N/I
std::string library_path(DomainId domain);                   // /libxl/N

// "vif3.0": the link on the bridge.
std::string vif_name(DomainId domain, unsigned index);

struct DomainNodes {
    NewDomain domain;
    std::string name;
    std::string uuid;
    const Guest* guest = nullptr;
};

// Writes the domain's tree and both ends of each vif, inside `transaction`; its rings' frames come
// with write_ring_nodes().
StoreResult<void> write_domain_nodes(Store& store, TransactionId transaction,
                                     const DomainNodes& nodes);

// Where its rings are, for who serves them: before the domain is introduced.
StoreResult<void> write_ring_nodes(Store& store, TransactionId transaction, DomainId domain,
                                   const RingFrames& frames);

// Both ends of one vif, as write_domain_nodes() does.
StoreResult<void> write_vif_nodes(Store& store, TransactionId transaction, DomainId domain,
                                  unsigned index, const Interface& interface);
// Removes them, with the directories that become empty, as libxl does.
StoreResult<void> remove_vif_nodes(Store& store, TransactionId transaction, DomainId domain,
                                   unsigned index);
// Whether its backend says so.
StoreResult<bool> is_vif_connected(Store& store, DomainId domain, unsigned index);

// Removes all of them, in a transaction of its own.
StoreResult<void> remove_domain_nodes(Store& store, DomainId domain, const std::string& uuid);

// A vif that a domain has.
struct RunningVif {
    unsigned index = 0;  // its number, the device id of xl
    std::string bridge = {};
    std::string mac = {};
};
// Of any domain, whoever made it; in the order of their numbers.
StoreResult<std::vector<RunningVif>> read_vifs(Store& store, DomainId domain);

// From what a running guest was made, and on which bridges it is now.
struct MadeFrom {
    std::string image;
    std::string ramdisk;
    std::string type;
    std::string memory;
    std::string vcpus;
    std::string arguments;
    std::vector<RunningVif> vifs;  // of numbers below interfaces_max
};

// Nothing for a domain that another toolstack made.
StoreResult<std::optional<MadeFrom>> read_made_from(Store& store, DomainId domain,
                                                    TransactionId transaction = 0);
// The words of its command line there: other ones once its interfaces were changed while it ran.
StoreResult<void> write_arguments(Store& store, TransactionId transaction, DomainId domain,
                                  std::string_view arguments);

// What becomes of it when it ends, for the agent.
StoreResult<void> write_end_policy(Store& store, TransactionId transaction, DomainId domain,
                                   const EndPolicy& policy);
StoreResult<EndPolicy> read_end_policy(Store& store, DomainId domain);

// "interface 0: frontend 4 Connected, backend 2 InitWait"
std::string describe_vif(Store& store, DomainId domain, unsigned index);
// "interface 0: frontend 4 Connected, backend 2 InitWait; ...": for errors and net list.
std::string describe_vifs(Store& store, DomainId domain, std::size_t count);

}  // namespace stemma::toolstack
