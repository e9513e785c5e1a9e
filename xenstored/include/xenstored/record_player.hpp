#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <string>
#include <string_view>

#include "xenstored/state.hpp"

namespace stemma::xenstored {

// Makes, in a State, the changes that records say, in their order. The error names the first record
// that cannot be meant: the log is damaged, and `state` half changed.
std::expected<void, std::string> play(State& state, std::string_view records);

// So many bytes of what is queued for a client are gone; false if there were fewer.
bool take_sent(State::Connection& client, std::uint64_t count);

// The records that make `state` from an empty one, handed out in portions of about 64 KB, each of
// whole records. `take` answers false to end it there.
bool write_state(const State& state, const std::function<bool(std::string_view)>& take);

}  // namespace stemma::xenstored
