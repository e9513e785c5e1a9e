#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "xenstored/limits.hpp"

namespace stemma::xenstored {

// One quota by its names: that of `xenstore-control quota` in C 4.17, and that of GET_QUOTA and
// SET_QUOTA (Xen 4.22), where soft ones have "soft-" before them.
struct Quota {
    std::string_view name;        // in 4.17
    std::string_view later_name;  // in 4.22
    std::size_t Limits::*value;
    std::string_view description;  // as C prints it
    bool soft = false;
};

// In the order in which C 4.17 lists them, the soft one last.
std::span<const Quota> quotas();

// By either name; nullptr if there is none. `soft`: only soft quotas by their bare name, as
// quota-soft has them; otherwise they have the "soft-".
const Quota* find_quota(std::string_view name, bool soft = false);

// "nodes watches outstanding memory soft-memory ...": the reply to a GET_QUOTA that names none.
std::string_view quota_names();

}  // namespace stemma::xenstored
