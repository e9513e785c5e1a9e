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
                                  const Guest& guest, const CreateOptions& options);

}  // namespace stemma::toolstack
