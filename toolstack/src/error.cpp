#include "toolstack/error.hpp"

#include <cstring>
#include <utility>

namespace stemma::toolstack {

std::string_view name(ErrorKind kind) {
    switch (kind) {
        case ErrorKind::failed:
            return "failed";
        case ErrorKind::usage:
            return "usage";
        case ErrorKind::configuration:
            return "configuration";
        case ErrorKind::not_found:
            return "not-found";
        case ErrorKind::refused:
            return "refused";
        case ErrorKind::unavailable:
            return "unavailable";
        case ErrorKind::partial:
            return "partial";
    }
    return "failed";
}

std::string to_string(const Error& error) {
    std::string text = "cannot " + error.tried;
    if (!error.on.empty()) text += ' ' + error.on;
    if (!error.cause.empty()) text += ": " + error.cause;
    if (!error.state.empty()) text += "\n  state: " + error.state;
    if (!error.next.empty()) text += "\n  next: " + error.next;
    return text;
}

std::unexpected<Error> failure(ErrorKind kind, std::string tried, std::string on, std::string cause,
                               std::string next) {
    return std::unexpected(Error{
        .kind = kind,
        .tried = std::move(tried),
        .on = std::move(on),
        .cause = std::move(cause),
        .next = std::move(next),
    });
}

void add_remains(Error& failed, const Error& undoing) {
    failed.state += (failed.state.empty() ? "" : "; ") +
                    std::string("what was made could not all be removed: ") + to_string(undoing);
}

std::unexpected<Error> system_failure(std::string tried, std::string on, int error_number) {
    return failure(ErrorKind::failed, std::move(tried), std::move(on),
                   std::strerror(error_number < 0 ? -error_number : error_number));
}

}  // namespace stemma::toolstack
