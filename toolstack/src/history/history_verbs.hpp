#pragma once

#include "toolstack/command.hpp"

// What history_module.hpp offers, each in the file of its name.
namespace stemma::toolstack::history {

Result<int> diff(Invocation& call);
Result<int> log(Invocation& call);
Result<int> revert(Invocation& call);
Result<int> snapshot(Invocation& call);

}  // namespace stemma::toolstack::history
