#include "store/stamp.hpp"

#include <array>

namespace stemma::store {

std::string_view to_string(Operation operation) {
    static constexpr std::array<std::string_view, 12> names = {
        "none",        "start",     "load",    "write",  "mkdir", "remove", "set-permissions",
        "transaction", "introduce", "release", "revert", "merge"};
    return names[static_cast<std::size_t>(operation)];
}

}  // namespace stemma::store
