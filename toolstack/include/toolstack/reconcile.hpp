#pragma once

#include <functional>
#include <string>
#include <vector>

#include "toolstack/configuration.hpp"
#include "toolstack/create_guest.hpp"
#include "toolstack/domain_nodes.hpp"
#include "toolstack/links.hpp"
#include "toolstack/platform.hpp"
#include "toolstack/store.hpp"

namespace stemma::toolstack {

// What runs: the links of the kernel, and the guests that this toolstack made.
struct RunningGuest {
    DomainInfo domain;
    MadeFrom made_from;             // empty when xenstored was started anew and its nodes are lost
    bool takes_interfaces = false;  // while it runs
};
struct Observed {
    std::vector<Link> links;
    std::vector<RunningGuest> guests;
};

// Domains of other toolstacks are left out: nothing here concerns them.
Result<Observed> observe(Store& store, Platform& platform, Links& links);

// One step that brings what runs closer to what is wanted.
struct Action {
    enum class Kind {
        destroy,         // guest
        make_bridge,     // bridge
        take_up,         // bridge
        remove_address,  // bridge, address
        add_address,     // bridge, address
        move,            // guest, domain, index, bridge
        detach,          // guest, domain, index
        attach,          // guest, domain, index, bridge, mac
        start,           // guest
        remove_bridge,   // bridge
    };
    Kind kind{};
    std::string guest = {};
    std::string bridge = {};
    DomainId domain = 0;
    unsigned index = 0;
    Ipv4Interface address = {};
    MacAddress mac = {};
    std::string why = {};  // for people, where it is not plain from the kind

    bool operator==(const Action&) const = default;
};

// "move nat0 interface 0 (vif3.0) to xenbr1"; its sign is +, - or ~ as in a plan.
std::string to_string(const Action& action);
char sign(const Action& action);

// The steps in the order in which they are to be done: none when all is as wanted. A link that has
// a bridge's name and is none is an error.
Result<std::vector<Action>> plan_actions(const Configuration& wanted, const Observed& observed);

struct Reconciliation {
    std::vector<Action> done;
    std::vector<Error> failures;
    std::vector<std::string> verified;  // facts read back from kernel, platform and store
};

// Does the steps, going on with other guests after a failure of one, then observes again and
// verifies: a step that would still be needed is a failure too.
Reconciliation reconcile(Store& store, Platform& platform, Links& links,
                         const Configuration& wanted, const std::vector<Action>& actions,
                         const CreateOptions& options,
                         const std::function<void(const Action&)>& before_each);

}  // namespace stemma::toolstack
