#pragma once

#include <cstdint>
#include <optional>

#include "store/permissions.hpp"
#include "xenstored/domain_ref.hpp"
#include "xs_wire/ring.hpp"

namespace stemma::xenstored {

// On whose behalf a request is judged.
struct Caller {
    DomainRef domain;
    std::optional<DomainRef> target;  // SET_TARGET: it may do what this domain may, too
    bool privileged = false;          // socket clients and domain 0
    std::uint32_t features = ~0u;     // which bits of server_features hold for it

    bool has(xs::ServerFeature feature) const {
        return (features & static_cast<std::uint32_t>(feature)) != 0;
    }
};

// What a caller may do with a node; bits, as in C: read 1, write 2, own 4.
enum class Right : unsigned { read = 1, write = 2, own = 4 };

class Rights {
  public:
    constexpr Rights() = default;
    constexpr Rights(Right right) : bits_(static_cast<unsigned>(right)) {}
    static constexpr Rights of(store::Access access) {
        return Rights(static_cast<unsigned>(access));
    }
    static constexpr Rights all() { return Rights(7); }

    constexpr bool covers(Rights wanted) const { return (bits_ & wanted.bits_) == wanted.bits_; }
    constexpr bool meets(Rights wanted) const { return (bits_ & wanted.bits_) != 0; }
    friend constexpr Rights operator|(Rights a, Rights b) { return Rights(a.bits_ | b.bits_); }

  private:
    constexpr explicit Rights(unsigned bits) : bits_(bits) {}
    unsigned bits_ = 0;
};

constexpr Rights operator|(Right a, Right b) {
    return Rights(a) | Rights(b);
}

// An entry for every domain (DOMID_ANY, Xen 4.22) is one if its writer had the feature; otherwise
// its generation is 0, and it fits nobody, as in C 4.17.
inline constexpr DomainRef any_domain{xs::domid_any, 1};

inline DomainRef domain_of(const store::Permission& entry) {
    return {entry.domain, entry.generation};
}

// Owner of a node with these permissions; domain 0 if there are none.
DomainRef owner_of(const store::Permissions& permissions);

// docs/misc/xenstore.txt, SET_PERMS: the owner and privileged callers may all; else the first
// entry that names the caller, its target or every domain decides; else what entry 0 gives
// everybody.
Rights rights_of(const Caller& caller, const store::Permissions& permissions);

}  // namespace stemma::xenstored
