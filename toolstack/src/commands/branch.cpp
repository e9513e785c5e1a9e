#include <sstream>
#include <string>

#include "commands.hpp"
#include "what_if_branch.hpp"

namespace stemma::toolstack {

namespace {

Error named(StoreError refused, std::string tried, const std::string& name) {
    Error error = refused.error();
    error.tried = std::move(tried);
    error.on = "the branch " + name;
    error.kind = ErrorKind::refused;
    if (refused.is(xs::Error::enoent)) {
        error.kind = ErrorKind::not_found;
        error.cause = "there is none of that name";
        error.next = "stemma branch lists them";
    } else if (refused.is(xs::Error::eexist)) {
        error.cause = "there is one of that name";
    } else if (refused.is(xs::Error::einval)) {
        error.kind = ErrorKind::usage;
        error.cause = "a branch is named by 1 to 64 letters, digits or '-'";
    } else if (refused.is(xs::Error::enospc)) {
        error.cause = "there are as many as xenstored keeps";
        error.next = "stemma branch --drop NAME makes room";
    } else if (refused.is(xs::Error::ebusy)) {
        error.cause = "a client works on it";
    }
    return error;
}

Result<int> list_branches(Invocation& call, Store& store) {
    const auto text = store.control({"branch"});
    if (!text) return std::unexpected(text.error().error());
    Json list = Json::array();
    std::istringstream lines(*text);
    for (std::string name, since; lines >> name >> since;) {
        call.printer.line(since + "  " + name);
        list.push(Json::object().set("name", name).set("since", since));
    }
    call.printer.document(Json::object().set("branches", std::move(list)));
    return 0;
}

Result<int> show_changes(Invocation& call, Store& store, const std::string& name) {
    const auto text = store.control({"changes", name});
    if (!text) return std::unexpected(named(text.error(), "compare", name));
    Json list = Json::array();
    bool whole = true;
    std::istringstream lines(*text);
    for (std::string line; std::getline(lines, line);) {
        call.printer.line(line);
        if (line == "...") {
            whole = false;
        } else {
            list.push(Json::object()
                          .set("sign", line.substr(0, 1))
                          .set("path", line.substr(std::min<std::size_t>(2, line.size()))));
        }
    }
    call.printer.document(
        Json::object().set("name", name).set("changes", std::move(list)).set("all", whole));
    return 0;
}

}  // namespace

Result<void> check_out(Store& store, const std::string& name) {
    if (auto done = store.control({"checkout", name}); !done) {
        return std::unexpected(named(done.error(), "work on", name));
    }
    return {};
}

Result<std::string> merge_branch(Store& store, const std::string& name) {
    auto answer = store.control({"merge", name});
    if (!answer) {
        Error error = named(answer.error(), "merge", name);
        if (answer.error().is(xs::Error::enospc) || answer.error().is(xs::Error::enomem)) {
            error.cause = "a domain would own more than its quota";
            error.next = "xenstore-control quota DOMID tells what it has; nothing was merged";
        }
        return std::unexpected(std::move(error));
    }
    constexpr std::string_view conflict = "conflict: ";
    if (!answer->starts_with(conflict)) return answer->substr(answer->find(' ') + 1);
    return failure(ErrorKind::refused, "merge", "the branch " + name,
                   answer->substr(conflict.size()) + "; nothing was merged",
                   "make the two agree, or drop the branch: stemma branch --drop " + name);
}

Result<int> run_branch(Invocation& call) {
    const auto store = call.surroundings.store();
    if (!store) return std::unexpected(store.error());
    if (call.words.empty()) {
        if (!call.has("drop") && !call.has("changes")) return list_branches(call, **store);
        return failure(ErrorKind::usage, "branch", "", "a NAME is missing");
    }
    const std::string& name = call.words[0];
    if (call.has("changes")) return show_changes(call, **store, name);
    const bool drop = call.has("drop");
    const auto done = (*store)->control({drop ? "drop" : "branch", name});
    if (!done) return std::unexpected(named(done.error(), drop ? "drop" : "make", name));
    call.printer.line(drop ? "dropped " + name
                           : "branch " + name +
                                 " is the store as it is; edit it with: stemma "
                                 "apply --branch " +
                                 name + " FILE");
    call.printer.document(Json::object().set("name", name));
    return 0;
}

}  // namespace stemma::toolstack
