#include "raw_commit.hpp"

#include <charconv>

#include "commit_text.hpp"
#include "sha1.hpp"

namespace stemma::store {
namespace {

bool take_author(std::string_view line, RawCommit& commit) {
    const auto name_end = line.find(" <");
    const auto mail_end = line.rfind("> ");
    if (name_end == std::string_view::npos || mail_end == std::string_view::npos) return false;
    commit.author = line.substr(0, name_end);
    const auto time = line.substr(mail_end + 2);
    return std::from_chars(time.data(), time.data() + time.size(), commit.when).ec == std::errc();
}

}  // namespace

std::optional<RawCommit> RawCommit::parse(std::string_view bytes) {
    RawCommit commit;
    const auto header_end = bytes.find("\n\n");
    if (header_end == std::string_view::npos) return std::nullopt;
    commit.message = bytes.substr(header_end + 2);
    auto header = bytes.substr(0, header_end + 1);
    bool has_tree = false;
    bool has_author = false;
    while (!header.empty()) {
        const auto line = header.substr(0, header.find('\n'));
        header.remove_prefix(line.size() + 1);
        const auto key = line.substr(0, line.find(' '));
        const auto rest = key.size() < line.size() ? line.substr(key.size() + 1) : "";
        if (key == "tree" || key == "parent") {
            const auto id = CommitId::from_hex(rest);
            if (!id) return std::nullopt;
            if (key == "tree") commit.tree = id->bytes;
            if (key == "parent") commit.parents.push_back(*id);
            has_tree |= key == "tree";
            continue;
        }
        if (key == "author") has_author = take_author(rest, commit);
        if (key != generation_header) commit.other_lines.append(line).append("\n");
    }
    return has_tree && has_author ? std::optional(std::move(commit)) : std::nullopt;
}

std::string RawCommit::text(std::uint64_t generation) const {
    std::string text = "tree " + to_hex(tree) + "\n";
    for (const CommitId& parent : parents)
        text += "parent " + parent.hex() + "\n";
    text.append(other_lines).append(generation_header).append(" ");
    return text.append(std::to_string(generation)).append("\n\n").append(message);
}

}  // namespace stemma::store
