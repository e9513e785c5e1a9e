#include "directory_text.hpp"

#include <algorithm>
#include <cstring>

#include "delta_text.hpp"

namespace stemma::store {
namespace {

constexpr std::size_t id_size = 20;
constexpr std::size_t every = 32;

}  // namespace

struct DirectoryText::Entry {
    std::string_view name;
    bool is_tree;
    std::size_t end;
};

struct DirectoryText::Splice {
    std::size_t offset;
    std::size_t removed;
    std::string inserted;
    const GitTreeEntry* entry;  // of an insertion, for the order of several at one place
};

DirectoryText::Entry DirectoryText::entry_at(std::size_t offset) const {
    const bool is_tree = bytes_[offset] == '4';  // "40000 ", else "100644 "
    const std::size_t start = offset + (is_tree ? 6 : 7);
    const std::size_t end = bytes_.find('\0', start);
    return {std::string_view(bytes_).substr(start, end - start), is_tree, end + 1 + id_size};
}

void DirectoryText::find_places() {
    std::size_t count = 0;
    for (std::size_t at = 0; at < bytes_.size(); at = entry_at(at).end) {
        if (count++ % every == 0) places_.push_back(static_cast<std::uint32_t>(at));
    }
}

std::size_t DirectoryText::find(std::string_view name, bool is_tree) {
    if (places_.empty()) find_places();
    const auto before = [&](std::size_t at) {
        const Entry entry = entry_at(at);
        return git_order(entry.name, entry.is_tree, name, is_tree);
    };
    const auto after = std::ranges::partition_point(places_, before);
    std::size_t at = after == places_.begin() ? 0 : *(after - 1);
    while (at < bytes_.size() && before(at))
        at = entry_at(at).end;
    return at;
}

bool DirectoryText::is_at(std::size_t offset, std::string_view name, bool is_tree) const {
    if (offset >= bytes_.size()) return false;
    const Entry entry = entry_at(offset);
    return entry.name == name && entry.is_tree == is_tree;
}

std::optional<std::string> DirectoryText::apply(const std::vector<Edit>& edits) {
    std::vector<Splice> splices;
    splices.reserve(edits.size());
    std::size_t size = bytes_.size();
    bool same_size = true;
    for (const Edit& edit : edits) {
        const bool replaces = edit.was_tree && edit.now && *edit.was_tree == edit.now->is_tree;
        if (edit.was_tree) {
            const std::size_t at = find(edit.name, *edit.was_tree);
            if (!is_at(at, edit.name, *edit.was_tree)) return std::nullopt;
            const std::size_t end = entry_at(at).end;
            if (replaces) {
                std::string id(edit.now->id.begin(), edit.now->id.end());
                splices.push_back({end - id_size, id_size, std::move(id), nullptr});
                continue;
            }
            splices.push_back({at, end - at, "", nullptr});
        }
        if (edit.now) {
            const std::size_t at = find(edit.name, edit.now->is_tree);
            if (is_at(at, edit.name, edit.now->is_tree)) return std::nullopt;
            std::string text;
            append_tree_entry(text, *edit.now);
            splices.push_back({at, 0, std::move(text), &*edit.now});
        }
        same_size = false;
    }
    std::ranges::sort(splices, [](const Splice& one, const Splice& two) {
        if (one.offset != two.offset) return one.offset < two.offset;
        // What is inserted before an entry comes before the removal of that.
        if (one.entry == nullptr || two.entry == nullptr) return one.entry != nullptr;
        return git_order(*one.entry, *two.entry);
    });
    for (const Splice& splice : splices)
        size = size - splice.removed + splice.inserted.size();

    DeltaText delta(bytes_.size(), size);
    std::string made;
    if (!same_size) made.reserve(size);
    std::size_t at = 0;
    for (const Splice& splice : splices) {
        delta.copy(at, splice.offset - at);
        delta.insert(splice.inserted);
        if (same_size) {
            bytes_.replace(splice.offset, splice.removed, splice.inserted);
        } else {
            made.append(bytes_, at, splice.offset - at).append(splice.inserted);
        }
        at = splice.offset + splice.removed;
    }
    delta.copy(at, bytes_.size() - at);
    if (!same_size) {
        made.append(bytes_, at, std::string::npos);
        bytes_ = std::move(made);
        places_.clear();
    }
    return delta.take();
}

}  // namespace stemma::store
