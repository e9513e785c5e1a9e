#include <charconv>
#include <cstdint>
#include <string_view>

#include "commands.hpp"

namespace stemma::toolstack {
namespace {

Json number_or_text(std::string_view value) {
    std::int64_t number = 0;
    const char* const end = value.data() + value.size();
    const auto [stopped, error] = std::from_chars(value.data(), end, number);
    return error == std::errc() && stopped == end ? Json(number) : Json(value);
}

}  // namespace

// xenstored's counters, as its CONTROL command gives them: lines of a name and a value.
Result<int> run_stats(Invocation& call) {
    const auto store = call.surroundings.store();
    if (!store) return std::unexpected(store.error());
    const auto answer = (*store)->control({"stats"});
    if (!answer) {
        Error error = answer.error().error();
        error.tried = "read";
        error.on = "xenstored's counters";
        return std::unexpected(std::move(error));
    }
    Json document = Json::object();
    for (std::string_view rest = *answer; !rest.empty();) {
        const auto end = rest.find('\n');
        const auto line = rest.substr(0, end);
        rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
        const auto blank = line.find(' ');
        if (blank == std::string_view::npos) continue;
        call.printer.line(std::string(line));
        document.set(std::string(line.substr(0, blank)), number_or_text(line.substr(blank + 1)));
    }
    call.printer.document(std::move(document));
    return 0;
}

}  // namespace stemma::toolstack
