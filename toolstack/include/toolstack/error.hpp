#pragma once

#include <expected>
#include <string>
#include <string_view>

namespace stemma::toolstack {

// What a caller can do about an error; each has its own exit status (stemma(1), EXIT STATUS).
enum class ErrorKind {
    failed = 1,         // the system refused
    usage = 2,          // the command line is wrong
    configuration = 3,  // the configuration file is wrong
    not_found = 4,      // no such guest, snapshot, path
    refused = 5,        // it exists already, runs already, or changed meanwhile
    unavailable = 6,    // xenstored or the agent cannot be reached
    partial = 7,        // /stemma holds the wanted state, the running system is not yet so
};

std::string_view name(ErrorKind kind);

// Says what was tried, on what, why it failed, and, where they are known, the state in which both
// ends are and what to do next. The words make a sentence: "cannot TRIED ON: CAUSE".
struct Error {
    ErrorKind kind = ErrorKind::failed;
    std::string tried = {};
    std::string on = {};
    std::string cause = {};
    std::string state = {};
    std::string next = {};

    bool operator==(const Error&) const = default;
};

// "cannot start the guest nat0: ...", then lines "state: ..." and "next: ..." where there are any.
std::string to_string(const Error& error);

template <typename T>
using Result = std::expected<T, Error>;

std::unexpected<Error> failure(ErrorKind kind, std::string tried, std::string on, std::string cause,
                               std::string next = {});

// Adds to the state that `failed` left behind what could not be undone, and why.
void add_remains(Error& failed, const Error& undoing);

// The cause is errno's text, or that of a negated errno as libnl and io_uring give it.
std::unexpected<Error> system_failure(std::string tried, std::string on, int error_number);

}  // namespace stemma::toolstack
