#pragma once

#include <optional>
#include <string>

#include "toolstack/command.hpp"

// What history_module.hpp offers, each in the file of its name.
namespace stemma::toolstack::history {

Result<int> diff(Invocation& call);
Result<int> log(Invocation& call);
Result<int> revert(Invocation& call);
Result<int> snapshot(Invocation& call);
Result<std::optional<std::string>> read_saved_state(const std::string& repository,
                                                    const std::string& guest);

}  // namespace stemma::toolstack::history
