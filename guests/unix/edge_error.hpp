#pragma once

#include <cerrno>
#include <cstring>
#include <string>

namespace stemma::hosted {

// Why the edge could not be set up: a sentence with what was tried, on what, and why it failed.
struct EdgeError {
    std::string text;

    // Appends what errno says; called right after the failed call.
    static EdgeError from_errno(std::string tried) {
        return {std::move(tried) + ": " + std::strerror(errno)};
    }
};

}  // namespace stemma::hosted
