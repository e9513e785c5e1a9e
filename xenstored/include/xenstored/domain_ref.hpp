#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>

#include "xs_wire/path.hpp"

namespace stemma::xenstored {

// One domain, not merely a domid: a domid is given again after a domain's death, a generation never
// is. Domain 0 and every socket client are generation 0; a guest's generations start at 1, so that
// a permission entry (n > 0, generation 0) is one that fits nobody (XSA-322, XSA-417).
struct DomainRef {
    xs::DomainId id = 0;
    std::uint64_t generation = 0;

    bool operator==(const DomainRef&) const = default;
};

// By what the hypervisor tells a domain from the next of its domid; all zeros: it does not say.
using DomainHandle = std::array<std::uint8_t, 16>;

}  // namespace stemma::xenstored

template <>
struct std::hash<stemma::xenstored::DomainRef> {
    std::size_t operator()(const stemma::xenstored::DomainRef& domain) const noexcept {
        return domain.generation * 65537 + domain.id;
    }
};
