#pragma once

#include <optional>

#include "store/permissions.hpp"
#include "xenstored/domain_ref.hpp"

namespace stemma::xenstored {

// On whose behalf a request is judged.
struct Caller {
    DomainRef domain;
    std::optional<DomainRef> target;  // SET_TARGET: it may do what this domain may, too
    bool privileged = false;          // socket clients and domain 0
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

inline DomainRef domain_of(const store::Permission& entry) {
    return {entry.domain, entry.generation};
}

// Owner of a node with these permissions; domain 0 if there are none.
DomainRef owner_of(const store::Permissions& permissions);

// docs/misc/xenstore.txt, SET_PERMS: the owner and privileged callers may all; else the first
// entry that names the caller or its target decides; else what entry 0 gives everybody.
Rights rights_of(const Caller& caller, const store::Permissions& permissions);

}  // namespace stemma::xenstored
