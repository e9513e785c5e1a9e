#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "xenstored/accesses.hpp"
#include "xenstored/branch.hpp"
#include "xenstored/judge.hpp"
#include "xs_wire/error.hpp"
#include "xs_wire/message.hpp"

namespace stemma::xenstored {

// One open transaction: a branch of the live tree, taken at the first request that touches it, and
// the requests made on it. At its end they are judged again on the head as it is then; it commits
// if every ruling stands. So of two transactions that each create a child of one directory both
// commit, one that only reads always commits, a value changed and changed back is unchanged, and
// of two blind writes the later commit wins; one that read what another changed gets EAGAIN.
//
// Bounds: unprivileged, limits.transaction_nodes nodes touched and limits.memory bytes of requests
// and replies kept; beyond either the transaction is broken and its end answers ENOMEM, as in C.
class Transaction {
  public:
    // `deaths`: DomainTable::deaths() now.
    Transaction(std::size_t nodes_max, std::size_t bytes_max, std::uint64_t deaths)
        : accesses_(nodes_max), bytes_max_(bytes_max), deaths_(deaths) {}

    // Judges one request on the branch and remembers it. `head` is where the branch starts if this
    // is the first. `bench.accesses` is set here.
    Ruling request(Bench bench, const store::Tree& head, EditNumbers& numbers,
                   const store::Stamp& stamp, xs::MessageType type, std::string_view payload);

    // What the transaction comes to on the present head: a branch to put in its place (nothing if
    // it wrote nothing), or EAGAIN, ENOMEM, ENOSPC. `counts` are the live tree's.
    std::expected<std::optional<Branch>, xs::Error> finish(const Bench& bench,
                                                           const store::Tree& head,
                                                           const NodeCounts& counts,
                                                           EditNumbers& numbers) const;

    // The nodes it changed, in the order of the events that are due.
    std::vector<Accesses::Change> changes() const { return accesses_.changes(); }

  private:
    struct Request {
        xs::MessageType type;
        std::string payload;
        store::Stamp stamp;
        Ruling ruling;
    };

    bool wrote() const { return branch_ && !branch_->tree().same(*base_); }
    bool over_quota(const Bench& bench, const Branch& merged, const NodeCounts& counts) const;

    std::optional<store::Tree> base_;
    std::optional<Branch> branch_;
    std::vector<Request> requests_;
    Accesses accesses_;
    std::size_t bytes_ = 0;
    std::size_t bytes_max_;
    std::uint64_t deaths_;
    bool broken_ = false;
};

}  // namespace stemma::xenstored
