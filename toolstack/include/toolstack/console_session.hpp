#pragma once

#include <cstddef>

#include "toolstack/error.hpp"

namespace stemma::toolstack {

// A person at a guest's console: what is read at `in` goes to the guest and what the guest writes
// to `out`, byte for byte, until ^] is typed, `in` ends, the guest's end closes or nobody reads
// `out`; SIGTERM, SIGINT and SIGHUP end it too. A terminal at `in` is raw meanwhile, and put back.
//
// `console` does not block. While the guest takes nothing, console_backlog bytes wait for it; of
// what is typed beyond them nothing is kept, so that ^] is always heard, and a pipe has to wait.
inline constexpr std::size_t console_backlog = 65'536;
Result<void> hold_console_session(int console, int in, int out);

}  // namespace stemma::toolstack
