#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "xenstored/accesses.hpp"
#include "xenstored/answer.hpp"
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
// Beyond its bounds, which are those of an unprivileged client's quotas, the transaction is broken:
// it forgets what it kept, and its end answers ENOMEM, as in C.
class Transaction {
  public:
    struct Bounds {
        std::size_t nodes = std::numeric_limits<std::size_t>::max();   // touched
        std::size_t weight = std::numeric_limits<std::size_t>::max();  // of requests kept
        std::size_t bytes = std::numeric_limits<std::size_t>::max();   // of requests and replies
    };

    // `deaths`: DomainTable::deaths() now; `replaced`: LiveTree::replaced_bytes() now.
    Transaction(const Bounds& bounds, std::uint64_t deaths, std::uint64_t replaced)
        : accesses_(bounds.nodes), bounds_(bounds), deaths_(deaths), replaced_(replaced) {}

    // Judges one request on the branch and remembers it. `head` is where the branch starts if this
    // is the first. `bench.accesses` is set here.
    Ruling request(Bench bench, const store::Tree& head, EditNumbers& numbers,
                   const store::Stamp& stamp, xs::MessageType type, std::string_view payload);

    // Why it cannot be committed: EAGAIN, ENOMEM, ENOSPC.
    struct Conflict {
        xs::Error error;
        std::vector<xs::DomainId> culprits;  // of EAGAIN: guests whose changes it met
    };
    // What the transaction comes to on the present head: a branch to put in its place (nothing if
    // it wrote nothing). `counts` are the live tree's.
    std::expected<std::optional<Branch>, Conflict> finish(const Bench& bench,
                                                          const store::Tree& head,
                                                          const NodeCounts& counts,
                                                          EditNumbers& numbers) const;
    // What finish() has to judge again: a request weighs one, and one more for every eight levels
    // of its path.
    std::size_t kept_weight() const { return weight_; }
    std::size_t touched_nodes() const { return accesses_.size(); }
    std::size_t touched_bytes() const { return accesses_.bytes(); }

    // What it holds: requests, replies, and what its nodes have more than the live tree's.
    std::size_t bytes() const;
    // How far the live tree had come when it began, in replaced bytes.
    std::uint64_t began_at() const { return replaced_; }
    // It can only end in EAGAIN from now on, and keeps nothing: requests are answered from the
    // head, and leave no trace.
    void doom();
    // Breaks it, for the client that it belongs to has come to its memory quota.
    void give_up();

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
    std::vector<xs::DomainId> culprits(const Request& request, xs::DomainId home,
                                       const store::Tree& head) const;
    bool over_quota(const Bench& bench, const Branch& merged, const NodeCounts& counts) const;

    std::optional<store::Tree> base_;
    std::optional<Branch> branch_;
    std::vector<Request> requests_;
    Accesses accesses_;
    std::size_t bytes_ = 0;
    std::size_t weight_ = 0;
    Bounds bounds_;
    std::uint64_t deaths_;
    std::uint64_t replaced_;
    bool doomed_ = false;
    bool broken_ = false;
    bool creates_ = false;
};

}  // namespace stemma::xenstored
