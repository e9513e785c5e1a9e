#include "commands/bring_about.hpp"
#include "history_verbs.hpp"
#include "snapshot_name.hpp"
#include "store/history.hpp"
#include "toolstack/configuration_store.hpp"

namespace stemma::toolstack::history {

namespace {

// The configuration that a snapshot holds, from published history.
Result<Configuration> configuration_of(const std::string& repository, const std::string& name) {
    const auto failed = [&](const store::Error& error) {
        const bool absent = error.kind == store::Error::Kind::not_found;
        return failure(absent ? ErrorKind::not_found : ErrorKind::failed, "read",
                       "the snapshot " + name, error.text(), "stemma snapshot lists them");
    };
    auto history = store::History::open(repository);
    if (!history) return failed(history.error());
    const auto tree = history->read("refs/snapshots/" + name, "/");
    if (!tree) return failed(tree.error());
    ConfigurationNodes nodes;
    const store::Node* root = tree->find("/stemma");
    if (root == nullptr) return Configuration();
    std::vector<std::pair<std::string, const store::Node*>> waiting{{"", root}};
    while (!waiting.empty()) {
        const auto [path, node] = waiting.back();
        waiting.pop_back();
        if (!path.empty()) nodes[path] = std::string(node->value());
        for (const auto* child : node->children_in_order()) {
            const std::string child_name(child->name());
            waiting.emplace_back(path.empty() ? child_name : path + '/' + child_name, child);
        }
    }
    return from_nodes(nodes);
}

}  // namespace

// The daemon reverts /stemma, and so knows of it as of any change; then what runs is made so.
Result<int> revert(Invocation& call) {
    const std::string& name = call.words[0];
    if (auto valid = check_snapshot_name(name); !valid) {
        return std::unexpected(std::move(valid.error()));
    }
    BringAbout work(call);
    if (auto ready = work.prepare(); !ready) return std::unexpected(std::move(ready.error()));
    const auto wanted = configuration_of(call.surroundings.repository(), name);
    if (!wanted) return std::unexpected(wanted.error());
    const auto present = load_configuration(work.store());
    if (!present) return std::unexpected(present.error());
    const auto needed = work.plan(*wanted, changes(*present, *wanted));
    if (!needed) return std::unexpected(needed.error());
    if (!*needed || call.has("dry-run")) return work.show_only(call.has("dry-run"));

    const auto reverted = work.store().control({"revert", name});
    if (!reverted) {
        Error error = reverted.error().error();
        error.tried = "revert /stemma to";
        error.on = "the snapshot " + name;
        return std::unexpected(std::move(error));
    }
    call.printer.line("reverted /stemma to " + name + ": " + *reverted +
                      (*reverted == "1" ? " path changed" : " paths changed"));
    const auto now = load_configuration(work.store());
    if (!now) return std::unexpected(now.error());
    return work.execute(*now);
}

}  // namespace stemma::toolstack::history
