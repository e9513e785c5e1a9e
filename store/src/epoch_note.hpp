// What is known of an epoch that has ended: the file epochs/EPOCH of the repository, lines of
// ASCII.
//
//     end 1700086400                 when it ended, UTC
//     level 1                        how far it was thinned (retention.hpp)
//     domain 3 /vm/UUID 1700080000   a domain it has data of, the value of its `vm`, the last time
//
// It can be made again from the commits, and is, where it is missing.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace stemma::store {

// Domain ids come again; with its `vm` a domain is told from others that had its number.
struct DomainName {
    std::uint32_t number = 0;
    std::string vm;  // vm_text() of its value

    auto operator<=>(const DomainName&) const = default;
};

inline constexpr std::string_view no_vm = "-";
// A value of `vm` as it is, or no_vm for one that no toolstack writes.
std::string vm_text(std::string_view value);

struct EpochNote {
    std::int64_t end = 0;  // seconds
    unsigned level = 0;
    std::map<DomainName, std::int64_t> domains;  // to when each was last seen, seconds
};

std::string format_epoch_note(const EpochNote& note);
std::optional<EpochNote> parse_epoch_note(std::string_view text);

}  // namespace stemma::store
