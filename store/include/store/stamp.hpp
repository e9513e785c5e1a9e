// Who last changed a node, when, and by which operation: what `blame` answers.
#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>

namespace stemma::store {

// UTC. A commit on disk keeps whole seconds.
using Time = std::chrono::sys_time<std::chrono::microseconds>;

enum class Operation : std::uint8_t {
    none,  // never changed since the tree began
    start,
    load,
    write,
    mkdir,
    remove,
    set_permissions,
    transaction,
    introduce,
    release,
    revert,
    merge,
};

std::string_view to_string(Operation operation);  // "write", "set-permissions", ...

struct Stamp {
    Time time{};
    std::uint16_t domain = 0;
    Operation operation = Operation::none;

    // Later first by time, then by domain and operation, so that "the later of two" does not
    // depend on their order.
    auto operator<=>(const Stamp&) const = default;
};

}  // namespace stemma::store
