#include "store/children.hpp"

#include <algorithm>
#include <optional>

#include "store/node.hpp"

namespace stemma::store {
namespace {

using Entry = Chunk::Entry;
using Entries = std::vector<Entry>;
using Chunks = std::vector<Ref<const Chunk>>;

Entry entry_of(Ref<const Node> node) {
    const std::string_view name = node->name();
    return {name, Ref<const Counted>::share(node.get())};
}

Entry entry_of(const Ref<const Chunk>& chunk) {
    return {chunk->entries.front().name, Ref<const Counted>::share(chunk.get())};
}

// One chunk, or two halves where one would pass the bound; none where nothing is left.
Chunks pages(unsigned height, Entries entries) {
    Chunks made;
    if (entries.empty()) return made;
    if (entries.size() <= chunk_bound) {
        made.push_back(make_counted<Chunk>(height, std::move(entries)));
        return made;
    }
    const auto middle = entries.begin() + static_cast<std::ptrdiff_t>(entries.size() / 2);
    made.push_back(make_counted<Chunk>(height, Entries(entries.begin(), middle)));
    made.push_back(make_counted<Chunk>(height, Entries(middle, entries.end())));
    return made;
}

// A chunk that shrank below this is joined with a neighbour if both fit into one with room to
// spare.
constexpr std::size_t sparse = chunk_bound / 4;
constexpr std::size_t joined_bound = chunk_bound * 3 / 4;

// The entry whose name is the last not after `name`, for a chunk above the leaves.
std::size_t branch_for(const Chunk& chunk, std::string_view name) {
    const auto after = std::ranges::upper_bound(chunk.entries, name, {}, &Entry::name);
    return after == chunk.entries.begin()
               ? 0
               : static_cast<std::size_t>(after - chunk.entries.begin()) - 1;
}

// The chunk's entries with entry `at` replaced by `replacements`, and a sparse one joined with its
// neighbour.
Chunks replaced(const Chunk& chunk, std::size_t at, const Chunks& replacements) {
    Entries entries;
    entries.reserve(chunk.entries.size() + 1);
    for (std::size_t i = 0; i < chunk.entries.size(); ++i) {
        if (i != at) {
            entries.push_back(chunk.entries[i]);
            continue;
        }
        for (const auto& replacement : replacements)
            entries.push_back(entry_of(replacement));
    }
    if (replacements.size() == 1 && replacements[0]->entries.size() < sparse &&
        entries.size() > 1) {
        const std::size_t left = at == 0 ? 0 : at - 1;
        const auto& one = static_cast<const Chunk&>(*entries[left].item);
        const auto& two = static_cast<const Chunk&>(*entries[left + 1].item);
        if (one.entries.size() + two.entries.size() <= joined_bound) {
            Entries both = one.entries;
            both.insert(both.end(), two.entries.begin(), two.entries.end());
            const auto joined = make_counted<Chunk>(one.height, std::move(both));
            entries[left] = entry_of(joined);
            entries.erase(entries.begin() + static_cast<std::ptrdiff_t>(left) + 1);
        }
    }
    return pages(chunk.height, std::move(entries));
}

// Recursion here is on the height of a B+tree, at most a handful.
Chunks inserted(const Chunk& chunk, const Ref<const Node>& node) {
    if (chunk.height > 0) {
        const std::size_t at = branch_for(chunk, node->name());
        return replaced(chunk, at, inserted(chunk.chunk(at), node));
    }
    const auto place = std::ranges::lower_bound(chunk.entries, node->name(), {}, &Entry::name);
    const bool present = place != chunk.entries.end() && place->name == node->name();
    Entries entries;
    entries.reserve(chunk.entries.size() + 1);
    entries.insert(entries.end(), chunk.entries.begin(), place);
    entries.push_back(entry_of(node));
    entries.insert(entries.end(), present ? place + 1 : place, chunk.entries.end());
    return pages(0, std::move(entries));
}

// The chunks without the name; nothing if it was absent.
std::optional<Chunks> erased(const Chunk& chunk, std::string_view name) {
    if (chunk.height > 0) {
        const std::size_t at = branch_for(chunk, name);
        const auto below = erased(chunk.chunk(at), name);
        if (!below) return std::nullopt;
        return replaced(chunk, at, *below);
    }
    const auto place = std::ranges::lower_bound(chunk.entries, name, {}, &Entry::name);
    if (place == chunk.entries.end() || place->name != name) return std::nullopt;
    Entries entries;
    entries.reserve(chunk.entries.size());
    entries.insert(entries.end(), chunk.entries.begin(), place);
    entries.insert(entries.end(), place + 1, chunk.entries.end());
    return pages(0, std::move(entries));
}

Ref<const Chunk> root_above(Chunks level) {
    if (level.empty()) return {};
    while (level.size() > 1) {
        Chunks next;
        for (std::size_t i = 0; i < level.size();) {
            const std::size_t width = std::min(chunk_bound, level.size() - i);
            Entries entries;
            entries.reserve(width);
            for (const std::size_t end = i + width; i < end; ++i) {
                entries.push_back(entry_of(level[i]));
            }
            const unsigned height = level.front()->height + 1;
            next.push_back(make_counted<Chunk>(height, std::move(entries)));
        }
        level = std::move(next);
    }
    Ref<const Chunk> root = level.front();
    while (root->height > 0 && root->entries.size() == 1)
        root = root->chunk_ref(0);
    return root;
}

}  // namespace

Chunk::Chunk(unsigned chunk_height, std::vector<Entry> chunk_entries)
    : height(chunk_height), entries(std::move(chunk_entries)) {
    for (std::size_t i = 0; i < entries.size(); ++i) {
        count += height == 0 ? 1 : chunk(i).count;
        name_bytes += height == 0 ? entries[i].name.size() : chunk(i).name_bytes;
    }
}

const Node& Chunk::node(std::size_t i) const {
    return static_cast<const Node&>(*entries[i].item);
}

const Chunk& Chunk::chunk(std::size_t i) const {
    return static_cast<const Chunk&>(*entries[i].item);
}

Ref<const Chunk> Chunk::chunk_ref(std::size_t i) const {
    return Ref<const Chunk>::share(&chunk(i));
}

Children::Children(const std::vector<Ref<const Node>>& sorted) {
    Chunks leaves;
    for (std::size_t i = 0; i < sorted.size();) {
        const std::size_t width = std::min(chunk_bound, sorted.size() - i);
        Entries entries;
        entries.reserve(width);
        for (const std::size_t end = i + width; i < end; ++i)
            entries.push_back(entry_of(sorted[i]));
        leaves.push_back(make_counted<Chunk>(0U, std::move(entries)));
    }
    root_ = root_above(std::move(leaves));
}

const Node* Children::find(std::string_view name) const {
    const Chunk* chunk = root_.get();
    if (chunk == nullptr) return nullptr;
    while (chunk->height > 0)
        chunk = &chunk->chunk(branch_for(*chunk, name));
    const auto place = std::ranges::lower_bound(chunk->entries, name, {}, &Entry::name);
    if (place == chunk->entries.end() || place->name != name) return nullptr;
    return static_cast<const Node*>(place->item.get());
}

Children Children::with(Ref<const Node> node) const {
    Children result;
    if (root_) {
        result.root_ = root_above(inserted(*root_, node));
    } else {
        result.root_ = make_counted<Chunk>(0U, Entries{entry_of(std::move(node))});
    }
    return result;
}

Children Children::without(std::string_view name) const {
    if (!root_) return *this;
    auto rest = erased(*root_, name);
    if (!rest) return *this;
    Children result;
    result.root_ = root_above(std::move(*rest));
    return result;
}

ChildCursor::ChildCursor(const Children& children) {
    const Chunk* const root = children.root();
    if (root == nullptr) return;
    levels_ = root->height + 1;
    step_[root->height] = {root, 0};
    descend(root->height);
}

void ChildCursor::descend(unsigned level) {
    for (; level > 0; --level)
        step_[level - 1] = {&step_[level].chunk->chunk(step_[level].at), 0};
}

const Chunk* ChildCursor::starts(unsigned height) const {
    for (unsigned level = 0; level <= height; ++level) {
        if (step_[level].at != 0) return nullptr;
    }
    return step_[height].chunk;
}

void ChildCursor::skip(unsigned level) {
    for (; level < levels_; ++level) {
        if (++step_[level].at < step_[level].chunk->entries.size()) return descend(level);
    }
    levels_ = 0;
}

}  // namespace stemma::store
