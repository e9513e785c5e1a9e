#pragma once

#include <span>
#include <string_view>

#include "store/stamp.hpp"
#include "store/tree.hpp"
#include "xenstored/connection_id.hpp"
#include "xenstored/domain_ref.hpp"

namespace stemma::xenstored {

// One change that clients can see: what a request, a transaction or the daemon itself made of the
// live tree.
struct VisibleChange {
    const store::Tree& before;
    const store::Tree& after;
    ConnectionId client;  // whose; 0 for the daemon's own
    DomainRef domain;
    store::Stamp stamp;
    bool one_write = false;                   // a write outside a transaction: may join a run
    std::span<const std::string_view> paths;  // what changed, in order; at least one
};

// Where visible changes go.
class History {
  public:
    virtual ~History() = default;
    virtual void record(const VisibleChange& change) = 0;
};

// Keeps nothing: --no-repository, and tests.
class NoHistory final : public History {
  public:
    void record(const VisibleChange&) override {}
};

}  // namespace stemma::xenstored
