#pragma once

#include <cstdint>
#include <string>

#include "toolstack/command.hpp"
#include "toolstack/create_guest.hpp"

namespace stemma::toolstack {

// The value of a numeric option, or `otherwise` without it; a usage error outside low to high.
Result<std::uint64_t> number_option(const Invocation& call, const std::string& option,
                                    std::uint64_t otherwise, std::uint64_t low, std::uint64_t high);

// --fresh, --no-wait and --timeout.
Result<CreateOptions> create_options(const Invocation& call);

}  // namespace stemma::toolstack
