#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "xenstored/handover.hpp"

// Xen's stream for live update (docs/designs/xenstore-migration.md, xenstore_state.h), by which a
// xenstored of any make hands over to another. Where the next one is ours it has, besides, records
// of types that Xen does not use, which C skips: after each standard record what that has no room
// for. Little-endian hosts only.
namespace stemma::xenstored {

struct StreamForm {
    std::uint32_t version =
        1;              // 1: C up to 4.21; 2: with the depths of watches and domains' quotas
    bool ours = false;  // with our own records
};

std::string write_stream(const Handover& handover, const StreamForm& form);

// What a stream that is not ours cannot say of this state: a line each, for the log.
std::vector<std::string> left_out(const State& state, std::uint32_t version);

// The error says which record is wrong, and how. Nothing in the stream is believed that could make
// this process misbehave; but it names descriptors, so it must come from where only root can write.
std::expected<Handover, std::string> read_stream(std::string_view stream);

}  // namespace stemma::xenstored
