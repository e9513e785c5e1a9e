#pragma once

#include <string>
#include <string_view>

namespace stemma::toolstack {

// XenbusState of xen/include/public/io/xenbus.h, as the nodes `state` of both ends hold it.
enum class VifState {
    unknown = 0,
    initialising = 1,
    init_wait = 2,
    initialised = 3,
    connected = 4,
    closing = 5,
    closed = 6,
};

// "4", the node's value.
std::string value(VifState state);
// "4" as "4 Connected"; another text as it is, an empty one as "absent".
std::string describe_vif_state(std::string_view value);

}  // namespace stemma::toolstack
