#pragma once

#include <string>

#include "toolstack/command.hpp"
#include "toolstack/platform.hpp"

namespace stemma::toolstack {

// The domain that a person means by `word`, of those that `stemma list` shows as running: the one
// of that name, else the one of that number, else the only configured guest of that image. `verb`
// is for the error.
Result<DomainInfo> running_domain(Invocation& call, const std::string& verb,
                                  const std::string& word);

}  // namespace stemma::toolstack
