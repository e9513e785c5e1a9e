#include "history_verbs.hpp"
#include "store/history.hpp"
#include "toolstack/display_path.hpp"
#include "xs_wire/path.hpp"

namespace stemma::toolstack::history {

namespace {

std::string_view kind_name(store::Change::Kind kind) {
    switch (kind) {
        case store::Change::Kind::added:
            return "added";
        case store::Change::Kind::removed:
            return "removed";
        case store::Change::Kind::changed:
            return "changed";
    }
    return "";
}

// "+ path = value", "- path", "~ path: old -> new".
std::string describe(const store::PathChange& change) {
    const std::string path = display_path(change.path);
    const std::string before = display_value(change.old_value.value_or(""));
    const std::string after = display_value(change.new_value.value_or(""));
    switch (change.kind) {
        case store::Change::Kind::added:
            return "+ " + path + (after.empty() ? "" : " = " + after);
        case store::Change::Kind::removed:
            return "- " + path + (before.empty() ? "" : " = " + before);
        case store::Change::Kind::changed:
            break;
    }
    std::string text = "~ " + path + ':';
    if (before != after || change.old_value != change.new_value) {
        text += ' ' + before + " -> " + after;
    }
    if (!change.old_permissions.same_text(change.new_permissions)) {
        text += " (permissions " + change.old_permissions.text() + " -> " +
                change.new_permissions.text() + ')';
    }
    return text;
}

Json to_json(const store::PathChange& change) {
    const auto value = [](const std::optional<std::string>& text) {
        return text ? Json(*text) : Json();
    };
    return Json::object()
        .set("kind", kind_name(change.kind))
        .set("path", change.path)
        .set("shown", display_path(change.path))
        .set("old", value(change.old_value))
        .set("new", value(change.new_value))
        .set("old-permissions", change.old_permissions.text())
        .set("new-permissions", change.new_permissions.text());
}

}  // namespace

// A word that begins with a slash is the path.
Result<int> diff(Invocation& call) {
    std::vector<std::string> revisions;
    std::string path = "/stemma";
    for (std::size_t i = 0; i < call.words.size(); ++i) {
        const auto& word = call.words[i];
        if (!word.starts_with('/')) {
            revisions.push_back(word);
        } else if (i + 1 == call.words.size() && i > 0 && xs::is_absolute_path(word)) {
            path = word;
        } else {
            return failure(ErrorKind::usage, "compare", word,
                           "a snapshot, \"main\", \"config\", a ref or a commit is expected here");
        }
    }
    if (revisions.size() > 2) {
        return failure(ErrorKind::usage, "compare", revisions[2],
                       "an absolute XenStore path is expected here");
    }
    if (revisions.size() == 1) {
        call.surroundings.await_publication();
        revisions.emplace_back("main");
    }
    auto history = store::History::open(call.surroundings.repository());
    const auto found = history ? history->diff(revisions[0], revisions[1], path)
                               : std::unexpected(std::move(history.error()));
    if (!found) {
        const bool absent = found.error().kind == store::Error::Kind::not_found;
        return failure(absent ? ErrorKind::not_found : ErrorKind::failed, "compare",
                       revisions[0] + " and " + revisions[1], found.error().text(),
                       "stemma snapshot lists the snapshots");
    }
    Json list = Json::array();
    for (const auto& change : *found) {
        call.printer.line(describe(change));
        list.push(to_json(change));
    }
    call.printer.document(Json::object()
                              .set("from", revisions[0])
                              .set("to", revisions[1])
                              .set("path", path)
                              .set("changes", std::move(list)));
    return 0;
}

}  // namespace stemma::toolstack::history
