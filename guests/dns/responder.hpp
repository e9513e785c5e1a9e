#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "dns/query.hpp"
#include "dns/reply_writer.hpp"
#include "dns/zone.hpp"

namespace stemma::dns {

// What a Responder did, each message counted in `queries` and in one of the others; `truncated`
// and `edns` besides.
struct ResponderCounters {
    std::uint64_t queries = 0;
    std::uint64_t answers = 0;    // NOERROR with data
    std::uint64_t nodata = 0;     // NOERROR, the name exists but not the type
    std::uint64_t referrals = 0;  // NOERROR, to the servers of a delegated zone
    std::uint64_t nxdomain = 0;
    std::uint64_t refused = 0;    // names outside the zone, classes other than IN
    std::uint64_t failed = 0;     // SERVFAIL, there is no zone yet; NOTIMP; BADVERS
    std::uint64_t malformed = 0;  // FORMERR
    std::uint64_t dropped = 0;    // not answered at all
    std::uint64_t truncated = 0;
    std::uint64_t edns = 0;

    // Calls f(name, counter) for each; the counters' addresses stay, for rt::StatsWriter.
    template <typename F>
    void for_each(F f) const {
        f(std::string_view("queries"), queries);
        f(std::string_view("answers"), answers);
        f(std::string_view("nodata"), nodata);
        f(std::string_view("referrals"), referrals);
        f(std::string_view("nxdomain"), nxdomain);
        f(std::string_view("refused"), refused);
        f(std::string_view("failed"), failed);
        f(std::string_view("malformed"), malformed);
        f(std::string_view("dropped"), dropped);
        f(std::string_view("truncated"), truncated);
        f(std::string_view("edns"), edns);
    }
};

// The authoritative server: a query in, its answer out (RFC 1034 4.3.2, RFC 2308, RFC 4592,
// RFC 6891, RFC 8482, RFC 8906). Bytes to bytes, without state between queries but counters.
// Answers carry what was asked and addresses of names in it, not the zone's own NS records.
class Responder {
  public:
    // CNAMEs followed within one answer; RFC 1034 3.6.2 asks to follow, not how far.
    static constexpr std::size_t cnames_max = 10;

    // Answers from `zone` from now on, SERVFAIL while it is null; it must outlive its service.
    void serve(const Zone* zone);

    // Writes the answer to `query` into `reply` and returns its size; 0 means: send nothing. The
    // two must not overlap. An answer is never longer than `reply`, what the query's OPT record
    // allows, and 1,232 bytes; without OPT, 512.
    std::size_t answer(std::span<const std::uint8_t> query, std::span<std::uint8_t> reply);

    const ResponderCounters& counters() const { return counters_; }

  private:
    // How one answer ends, besides its records.
    struct Outcome {
        Rcode rcode = Rcode::no_error;
        bool authoritative = false;
        bool truncated = false;
    };
    // Where a name lies in the zone.
    struct Closest {
        NodeId node;  // the deepest one that exists at or above it, or the cut above it
        NodeId name;  // itself, if it is a node; else question_name
        bool exact;   // `node` is the name
    };

    std::size_t header_only(std::span<const std::uint8_t> query, std::span<std::uint8_t> reply,
                            Rcode rcode);
    // Writes header, counts and OPT record around the records.
    std::size_t finish(std::span<std::uint8_t> reply, std::size_t size, const Outcome& outcome,
                       const ReplyWriter* records);
    bool asks_inside_zone() const;
    Closest find_question();
    Closest find_target(NodeId name) const;
    Outcome resolve(ReplyWriter& reply, Closest at);
    Outcome negative(ReplyWriter& reply, Outcome outcome);
    Outcome refer(ReplyWriter& reply, NodeId cut, Outcome outcome);
    bool add_targets(ReplyWriter& reply, std::size_t sent_count, NodeId below, bool glue);
    bool add_addresses(ReplyWriter& reply, NodeId name, bool glue);

    const Zone* zone_ = nullptr;
    ResponderCounters counters_;
    Query query_;
    std::size_t apex_depth_ = 0;
    std::size_t path_depth_ = 0;
    std::array<NodeId, labels_max + 1> path_{};  // by depth, see ReplyWriter
};

}  // namespace stemma::dns
