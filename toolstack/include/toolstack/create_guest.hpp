#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "toolstack/configuration.hpp"
#include "toolstack/platform.hpp"
#include "toolstack/store.hpp"

namespace stemma::toolstack {

// The last network state of a guest by name, in the form of guests/rt/saved_state.hpp; nothing
// where none was saved.
using FindSavedState = std::function<Result<std::optional<std::string>>(const std::string&)>;

struct CreateOptions {
    bool fresh = false;  // without the last network state
    bool wait = true;    // for the guest to say that it serves
    std::chrono::milliseconds limit{10'000};
    // The last step before the guest is kept, when it serves (unless none waits for that): a
    // failure is one of the creation, and a creator that dies before it leaves no trace of it.
    std::function<Result<void>()> before_keep = {};
};

struct CreateStep {
    std::string name;
    std::chrono::microseconds time{};
};

struct CreatedGuest {
    DomainId domain = 0;
    std::vector<CreateStep> steps;
    std::size_t restored_bytes = 0;  // of saved state handed over
};

// Makes the guest run: domain, nodes, INTRODUCE, ports, saved state, start, ready. When a step
// fails, all that was made is taken away again and the error says at which step and what both ends
// of its interfaces were.
Result<CreatedGuest> create_guest(Store& store, Platform& platform, const std::string& name,
                                  const Guest& guest, const FindSavedState& find_saved_state,
                                  const CreateOptions& options);

// Bytes in a sealed memfd, as a guest takes them.
Result<Descriptor> sealed_memory(std::string_view bytes);

}  // namespace stemma::toolstack
