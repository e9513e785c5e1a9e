#include "store/children.hpp"

#include <algorithm>
#include <boost/container/static_vector.hpp>
#include <memory>
#include <optional>

#include "store/node.hpp"

namespace stemma::store {
namespace {

using Entry = Chunk::Entry;
using Entries = boost::container::static_vector<Entry, chunk_bound + 1>;
using Chunks = boost::container::static_vector<Ref<const Chunk>, 2>;  // what an edit leaves of one

Entry entry_of(Ref<const Node> node) {
    const std::string_view name = node->name();
    return {name, Ref<const Counted>::share(node.get())};
}

Entry entry_of(const Ref<const Chunk>& chunk) {
    return {chunk->entries().front().name, Ref<const Counted>::share(chunk.get())};
}

// One chunk, or two halves where one would pass the bound; none where nothing is left.
Chunks pages(unsigned height, Entries& entries) {
    Chunks made;
    const std::span all(entries.data(), entries.size());
    if (all.empty()) return made;
    const std::size_t first = all.size() <= chunk_bound ? all.size() : all.size() / 2;
    made.push_back(Chunk::make(height, all.first(first)));
    if (first < all.size()) made.push_back(Chunk::make(height, all.subspan(first)));
    return made;
}

// A chunk that shrank below this is joined with a neighbour if both fit into one with room to
// spare.
constexpr std::size_t sparse = chunk_bound / 4;
constexpr std::size_t joined_bound = chunk_bound * 3 / 4;

// The entry whose name is the last not after `name`, for a chunk above the leaves.
std::size_t branch_for(const Chunk& chunk, std::string_view name) {
    const auto entries = chunk.entries();
    const auto after = std::ranges::upper_bound(entries, name, {}, &Entry::name);
    return after == entries.begin() ? 0 : static_cast<std::size_t>(after - entries.begin()) - 1;
}

// Where in a leaf the name is, or would be.
std::size_t place_for(const Chunk& chunk, std::string_view name) {
    const auto entries = chunk.entries();
    const auto place = std::ranges::lower_bound(entries, name, {}, &Entry::name);
    return static_cast<std::size_t>(place - entries.begin());
}

bool is_at(const Chunk& chunk, std::size_t place, std::string_view name) {
    return place < chunk.entries().size() && chunk.entries()[place].name == name;
}

// The chunk's entries with entry `at` replaced by `replacements`, and a sparse one joined with its
// neighbour.
Chunks replaced(const Chunk& chunk, std::size_t at, const Chunks& replacements) {
    const auto old = chunk.entries();
    Entries entries(old.begin(), old.begin() + static_cast<std::ptrdiff_t>(at));
    for (const auto& replacement : replacements)
        entries.push_back(entry_of(replacement));
    entries.insert(entries.end(), old.begin() + static_cast<std::ptrdiff_t>(at) + 1, old.end());
    if (replacements.size() == 1 && replacements[0]->entries().size() < sparse &&
        entries.size() > 1) {
        const std::size_t left = at == 0 ? 0 : at - 1;
        const auto& one = static_cast<const Chunk&>(*entries[left].item);
        const auto& two = static_cast<const Chunk&>(*entries[left + 1].item);
        if (one.entries().size() + two.entries().size() <= joined_bound) {
            Entries both(one.entries().begin(), one.entries().end());
            both.insert(both.end(), two.entries().begin(), two.entries().end());
            entries[left] = entry_of(Chunk::make(one.height(), {both.data(), both.size()}));
            entries.erase(entries.begin() + static_cast<std::ptrdiff_t>(left) + 1);
        }
    }
    return pages(chunk.height(), entries);
}

// Recursion here is on the height of a B+tree, at most a handful.
Chunks inserted(const Chunk& chunk, const Ref<const Node>& node) {
    if (chunk.height() > 0) {
        const std::size_t at = branch_for(chunk, node->name());
        return replaced(chunk, at, inserted(chunk.chunk(at), node));
    }
    const std::size_t at = place_for(chunk, node->name());
    const auto old = chunk.entries();
    const auto place = old.begin() + static_cast<std::ptrdiff_t>(at);
    Entries entries(old.begin(), place);
    entries.push_back(entry_of(node));
    entries.insert(entries.end(), is_at(chunk, at, node->name()) ? place + 1 : place, old.end());
    return pages(0, entries);
}

// The chunks without the name; nothing if it was absent.
std::optional<Chunks> erased(const Chunk& chunk, std::string_view name) {
    if (chunk.height() > 0) {
        const std::size_t at = branch_for(chunk, name);
        const auto below = erased(chunk.chunk(at), name);
        if (!below) return std::nullopt;
        return replaced(chunk, at, *below);
    }
    const std::size_t at = place_for(chunk, name);
    if (!is_at(chunk, at, name)) return std::nullopt;
    const auto old = chunk.entries();
    const auto place = old.begin() + static_cast<std::ptrdiff_t>(at);
    Entries entries(old.begin(), place);
    entries.insert(entries.end(), place + 1, old.end());
    return pages(0, entries);
}

// Chunks of one height, of as many items each as there are but for the last, until one is left.
template <class Item>
std::vector<Ref<const Chunk>> level_above(const std::vector<Item>& below, unsigned height) {
    std::vector<Ref<const Chunk>> level;
    for (std::size_t i = 0; i < below.size();) {
        Entries entries;
        for (; i < below.size() && entries.size() < chunk_bound; ++i)
            entries.push_back(entry_of(below[i]));
        level.push_back(Chunk::make(height, {entries.data(), entries.size()}));
    }
    return level;
}

Ref<const Chunk> root_above(Chunks level) {
    if (level.empty()) return {};
    Ref<const Chunk> root = level.front();
    if (level.size() > 1) {
        Entries entries;
        for (const auto& chunk : level)
            entries.push_back(entry_of(chunk));
        root = Chunk::make(root->height() + 1, {entries.data(), entries.size()});
    }
    while (root->height() > 0 && root->entries().size() == 1)
        root = root->chunk_ref(0);
    return root;
}

// The node below the chunk that has the name.
struct Found {
    const Node* node;
    bool sole;
};

Found find_in(const Chunk* chunk, std::string_view name, bool sole) {
    if (chunk == nullptr) return {nullptr, false};
    for (; chunk->height() > 0; chunk = &chunk->chunk(branch_for(*chunk, name)))
        sole = sole && chunk->is_sole();
    const std::size_t at = place_for(*chunk, name);
    if (!is_at(*chunk, at, name)) return {nullptr, false};
    const Node& node = chunk->node(at);
    return {&node, sole && chunk->is_sole() && node.is_sole()};
}

}  // namespace

static_assert(alignof(Chunk::Entry) <= alignof(Chunk));

const Chunk::Entry* Chunk::first() const {
    return std::launder(reinterpret_cast<const Entry*>(this + 1));
}

Ref<const Chunk> Chunk::make(unsigned height, std::span<Entry> from) {
    return Ref<const Chunk>::adopt(new (from.size()) Chunk(height, from));
}

Chunk::Chunk(unsigned height, std::span<Entry> from)
    : height_(static_cast<std::uint16_t>(height)), size_(static_cast<std::uint16_t>(from.size())) {
    std::uninitialized_move(from.begin(), from.end(), reinterpret_cast<Entry*>(this + 1));
    for (std::size_t i = 0; i < size_; ++i) {
        count_ += height == 0 ? 1 : chunk(i).count();
        const std::size_t names = height == 0 ? first()[i].name.size() : chunk(i).name_bytes();
        name_bytes_ += static_cast<std::uint32_t>(names);
    }
}

Chunk::~Chunk() {
    std::destroy_n(first(), size_);
}

const Node& Chunk::node(std::size_t i) const {
    return static_cast<const Node&>(*first()[i].item);
}

const Chunk& Chunk::chunk(std::size_t i) const {
    return static_cast<const Chunk&>(*first()[i].item);
}

Ref<const Chunk> Chunk::chunk_ref(std::size_t i) const {
    return Ref<const Chunk>::share(&chunk(i));
}

Children::Children(const std::vector<Ref<const Node>>& sorted) {
    if (sorted.empty()) return;
    auto level = level_above(sorted, 0);
    while (level.size() > 1)
        level = level_above(level, level.front()->height() + 1);
    root_ = std::move(level.front());
}

const Node* Children::find(std::string_view name) const {
    return find_in(root_.get(), name, false).node;
}

const Node* Children::find(std::string_view name, bool& sole) const {
    const Found found = find_in(root_.get(), name, sole);
    sole = found.sole;
    return found.node;
}

void Children::put(Ref<const Node> node) {
    // Down as far as the chunks are this map's alone. A view of the old node's name may be kept in
    // the chunks above it, so the new node must have the very same bytes.
    const std::string_view name = node->name();
    const Chunk* chunk = root_.get();
    bool sole = chunk != nullptr && chunk->is_sole();
    while (sole && chunk->height() > 0) {
        chunk = &chunk->chunk(branch_for(*chunk, name));
        sole = chunk->is_sole();
    }
    if (sole) {
        const std::size_t at = place_for(*chunk, name);
        if (is_at(*chunk, at, name) && chunk->entries()[at].name.data() == name.data()) {
            const_cast<Chunk*>(chunk)->put(at, entry_of(std::move(node)));
            return;
        }
    }
    *this = with(std::move(node));
}

Children Children::with(Ref<const Node> node) const {
    Children result;
    if (root_) {
        result.root_ = root_above(inserted(*root_, node));
    } else {
        Entry only = entry_of(std::move(node));
        result.root_ = Chunk::make(0, {&only, 1});
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
    levels_ = root->height() + 1;
    step_[root->height()] = {root, 0};
    descend(root->height());
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
        if (++step_[level].at < step_[level].chunk->entries().size()) return descend(level);
    }
    levels_ = 0;
}

}  // namespace stemma::store
