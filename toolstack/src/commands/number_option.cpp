#include "number_option.hpp"

#include <charconv>

namespace stemma::toolstack {

Result<std::uint64_t> number_option(const Invocation& call, const std::string& option,
                                    std::uint64_t otherwise, std::uint64_t low,
                                    std::uint64_t high) {
    if (!call.has(option)) return otherwise;
    const std::string text = call.value(option, "");
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size() || number < low || number > high) {
        return failure(ErrorKind::usage, "understand", "--" + option + ' ' + text,
                       "a whole number from " + std::to_string(low) + " to " +
                           std::to_string(high) + " is expected");
    }
    return number;
}

Result<CreateOptions> create_options(const Invocation& call) {
    const auto seconds = number_option(call, "timeout", 10, 1, 3600);
    if (!seconds) return std::unexpected(seconds.error());
    return CreateOptions{.fresh = call.has("fresh"),
                         .wait = !call.has("no-wait"),
                         .limit = std::chrono::seconds(*seconds)};
}

}  // namespace stemma::toolstack
