#include "commands/number_option.hpp"
#include "history_verbs.hpp"
#include "store/history.hpp"
#include "time_text.hpp"
#include "toolstack/display_path.hpp"
#include "xs_wire/path.hpp"

namespace stemma::toolstack::history {

Result<int> log(Invocation& call) {
    const std::string path = call.words.empty() ? "/stemma" : call.words[0];
    if (!xs::is_absolute_path(path)) {
        return failure(ErrorKind::usage, "show the log of", path,
                       "an absolute XenStore path is expected, as /stemma/guests");
    }
    const auto limit = number_option(call, "limit", 20, 1, 100'000);
    if (!limit) return std::unexpected(limit.error());
    call.surroundings.await_publication();
    // The configuration's history is one line from the first day; the rest is an epoch's.
    const bool configuration = xs::is_same_or_below(path, "/stemma");
    auto history = store::History::open(call.surroundings.repository());
    const auto commits = history ? history->log(configuration ? "config" : "main", path,
                                                static_cast<std::size_t>(*limit))
                                 : std::unexpected(std::move(history.error()));
    if (!commits) {
        const bool absent = commits.error().kind == store::Error::Kind::not_found;
        return failure(absent ? ErrorKind::not_found : ErrorKind::failed, "show the log of", path,
                       commits.error().text(), "--repository says where xenstored publishes");
    }
    Json list = Json::array();
    for (const auto& commit : *commits) {
        const std::string id = commit.id.hex();
        call.printer.line(id.substr(0, 12) + "  " + time_text(commit.info.when) + "  " +
                          commit.info.who);
        Json lines = Json::array();
        for (const auto& line : commit.info.why) {
            call.printer.line("    " + line);
            lines.push(line);
        }
        list.push(Json::object()
                      .set("commit", id)
                      .set("time", time_text(commit.info.when))
                      .set("who", commit.info.who)
                      .set("changes", std::move(lines)));
    }
    call.printer.document(Json::object().set("path", path).set("log", std::move(list)));
    return 0;
}

}  // namespace stemma::toolstack::history
