#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "toolstack/error.hpp"

namespace stemma::toolstack {

// Runs a program found in PATH in a directory and waits for its end; `on_line` gets each line that
// it writes to either output. Its exit status, or 128 and its signal, as a shell has it; an error
// when it could not be started. For programs that are the operator's own, such as compilers: they
// have our environment.
Result<int> run_program(const std::vector<std::string>& words, const std::string& directory,
                        const std::function<void(std::string_view)>& on_line);

}  // namespace stemma::toolstack
