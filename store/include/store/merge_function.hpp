// How two changes of one value are joined, by the type of the value. Each is a pure function of the
// three versions, gives the same for ours and theirs exchanged, and is called only where both sides
// changed the value, maybe to the same: two increments of a counter are two. (A change that both
// sides have from one commit is in one node, and no function is asked about that.) An absent
// optional means that the node is not there.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "store/stamp.hpp"

namespace stemma::store {

struct Versions {
    std::optional<std::string_view> base;
    std::optional<std::string_view> ours;
    std::optional<std::string_view> theirs;
    // Of the side that removed the node, the stamp of the nearest ancestor that it kept.
    Stamp ours_stamp;
    Stamp theirs_stamp;
};

// The merged value, absent to remove the node; or in a few words why there is none.
using Merged = std::expected<std::optional<std::string>, std::string_view>;
using MergeFunction = Merged (*)(const Versions&);

// Joins only equal values: what a XenStore key is unless a rule says otherwise.
Merged merge_conflict(const Versions& versions);

// The side with the later stamp, a removal included; of equal stamps the smaller value, and a value
// before none.
Merged merge_last_writer(const Versions& versions);

// ARP entries and NAT mappings: the last word of the value is an expiry, UTC seconds in decimal.
// The later expiry wins; of equal ones the smaller value. A removal loses to a refresh, a later
// expiry than before, and wins otherwise. A value without such a word counts as long expired (0),
// so that one bad entry of a guest cannot hold up a merge.
Merged merge_later_expiry(const Versions& versions);

// A decimal signed 64-bit number: ours + theirs - base, absent counting as 0; what was removed
// stays so if the result is 0. No number, or overflow, is a conflict.
Merged merge_counter(const Versions& versions);

// Words between spaces, a set: what either side added, and of the old ones what neither removed;
// sorted, one space between.
Merged merge_set(const Versions& versions);

// DNS cache entries, "RANK RDATA EXPIRY": how far an RRset is to be believed (RFC 2181, 5.4.1, a
// greater number being more) decides before the expiry does; else as merge_later_expiry.
Merged merge_dns_cache(const Versions& versions);

// DHCP leases, "MAC START END", UTC seconds. Of one client's the later end wins; two clients that
// both hold the address when the later of the changes was made are a conflict; of others the one
// that is held. A removal loses to a renewal, as with merge_later_expiry.
Merged merge_lease(const Versions& versions);

}  // namespace stemma::store
