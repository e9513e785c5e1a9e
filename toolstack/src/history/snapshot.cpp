#include <algorithm>

#include "history_verbs.hpp"
#include "snapshot_name.hpp"
#include "store/history.hpp"
#include "time_text.hpp"

namespace stemma::toolstack::history {

Result<void> check_snapshot_name(const std::string& name) {
    const bool valid = !name.empty() && name.size() <= 64 && name.front() != '-' &&
                       std::ranges::all_of(name, [](char c) {
                           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                                  (c >= '0' && c <= '9') || c == '-';
                       });
    if (valid) return {};
    return failure(ErrorKind::usage, "use the name", '"' + name + '"',
                   "a snapshot is named by 1 to 64 letters, digits or '-'");
}

namespace {

bool snapshot_exists(const std::string& repository, const std::string& name) {
    auto history = store::History::open(repository);
    return history && history->resolve("refs/snapshots/" + name);
}

Result<int> list_snapshots(Invocation& call) {
    auto history = store::History::open(call.surroundings.repository());
    const auto snapshots =
        history ? history->snapshots() : std::unexpected(std::move(history.error()));
    if (!snapshots) {
        return failure(ErrorKind::failed, "list", "the snapshots", snapshots.error().text(),
                       "--repository says where xenstored publishes");
    }
    Json list = Json::array();
    for (const auto& snapshot : *snapshots) {
        const std::string id = snapshot.commit.id.hex();
        call.printer.line(id.substr(0, 12) + "  " + time_text(snapshot.commit.info.when) + "  " +
                          snapshot.name);
        list.push(Json::object()
                      .set("name", snapshot.name)
                      .set("commit", id)
                      .set("time", time_text(snapshot.commit.info.when)));
    }
    call.printer.document(Json::object().set("snapshots", std::move(list)));
    return 0;
}

}  // namespace

Result<int> snapshot(Invocation& call) {
    if (call.words.empty()) return list_snapshots(call);
    const std::string& name = call.words[0];
    if (auto valid = check_snapshot_name(name); !valid) {
        return std::unexpected(std::move(valid.error()));
    }
    const auto store = call.surroundings.store();
    if (!store) return std::unexpected(store.error());
    if (!call.has("replace") && snapshot_exists(call.surroundings.repository(), name)) {
        return failure(ErrorKind::refused, "take", "the snapshot " + name,
                       "there is one of that name",
                       "take another name, or: stemma snapshot --replace " + name);
    }
    const auto commit = (*store)->control({"snapshot", name});
    if (!commit) {
        Error error = commit.error().error();
        error.tried = "take";
        error.on = "the snapshot " + name;
        error.next = "xenstored's log says more; it must have a repository";
        return std::unexpected(std::move(error));
    }
    call.printer.line("snapshot " + name + " is commit " + commit->substr(0, 12));
    call.printer.document(Json::object().set("name", name).set("commit", *commit));
    return 0;
}

}  // namespace stemma::toolstack::history
