#include "commit_text.hpp"

#include <algorithm>

#include "escaped_text.hpp"
#include "sha1.hpp"

namespace stemma::store {
namespace {

// "NAME <EMAIL> SECONDS +0000". Git allows no angle brackets in a name, and trims spaces and some
// punctuation from its ends when it reads one.
std::string signature(const Info& info) {
    std::string name = escape_line(info.who, 100);
    std::ranges::replace(name, '<', '(');
    std::ranges::replace(name, '>', ')');
    if (name.find_first_not_of(" .,:;\"\\'") == std::string::npos) name = "unknown";
    const auto seconds = std::chrono::floor<std::chrono::seconds>(info.when).time_since_epoch();
    return name + " <stemma> " + std::to_string(std::max<std::int64_t>(seconds.count(), 0)) +
           " +0000";
}

}  // namespace

std::string commit_text(const ObjectId& tree, std::span<const CommitId> parents, const Info& info,
                        std::uint64_t generation) {
    std::string text = "tree " + to_hex(tree) + "\n";
    for (const CommitId& parent : parents)
        text += "parent " + parent.hex() + "\n";
    const std::string by = signature(info);
    text += "author " + by + "\ncommitter " + by + "\n";
    text.append(generation_header).append(" ").append(std::to_string(generation)).append("\n\n");
    text += info.why.empty() || info.why[0].empty() ? "change" : escape_line(info.why[0]);
    text += "\n";
    for (std::size_t i = 1; i < info.why.size(); ++i) {
        if (i == 1) text += "\n";
        text += escape_line(info.why[i]) + "\n";
    }
    return text;
}

}  // namespace stemma::store
