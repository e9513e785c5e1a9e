#include <utility>
#include <vector>

#include "history_verbs.hpp"
#include "store/history.hpp"
#include "toolstack/saved_state.hpp"

namespace stemma::toolstack::history {

namespace {

bool append_entry(std::string& bytes, std::string_view path, std::string_view value) {
    if (path.size() > 0xffff || value.size() > 0xffff) return false;
    for (const std::size_t size : {path.size(), value.size()}) {
        bytes += static_cast<char>(size & 0xff);
        bytes += static_cast<char>(size >> 8);
    }
    bytes += path;
    bytes += value;
    return true;
}

}  // namespace

Result<std::optional<std::string>> read_saved_state(const std::string& repository,
                                                    const std::string& guest) {
    const auto failed = [&](std::string cause) {
        return failure(ErrorKind::failed, "read the network state of", "the guest " + guest,
                       std::move(cause), "start it without: stemma create --fresh " + guest);
    };
    auto history = store::History::open(repository);
    if (!history) {
        if (history.error().kind == store::Error::Kind::not_found) return std::nullopt;
        return failed(history.error().text());
    }
    const auto tree = history->read(saved_state_ref(guest));
    if (!tree) {
        if (tree.error().kind == store::Error::Kind::not_found) return std::nullopt;
        return failed(tree.error().text());
    }
    // By a list of what is still to visit: the depth of the tree is the guest's to choose.
    std::string bytes;
    std::vector<std::pair<std::string, const store::Node*>> waiting{{"", &tree->root()}};
    while (!waiting.empty()) {
        const auto [path, node] = std::move(waiting.back());
        waiting.pop_back();
        const bool leaf = node->child_count() == 0;
        if (!path.empty() && (leaf || !node->value().empty())) {
            append_entry(bytes, path, node->value());
        }
        if (bytes.size() > saved_state_max) {
            return failed("it is longer than " + std::to_string(saved_state_max) + " bytes");
        }
        for (const auto* child : node->children_in_order()) {
            const std::string name(child->name());
            waiting.emplace_back(path.empty() ? name : path + '/' + name, child);
        }
    }
    return bytes;
}

}  // namespace stemma::toolstack::history
