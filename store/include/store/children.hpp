// The children of a node: an immutable map from name to node, sorted by the bytes of the name.
//
// A B+tree of chunks of at most 32 entries. An edit copies one chunk a level and shares the rest,
// so it costs O(log width); two versions of a wide directory have nearly all chunks in common, and
// diff and merge skip those by their address.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "store/counted.hpp"

namespace stemma::store {

class Node;

inline constexpr std::size_t chunk_bound = 32;

// One page of the B+tree. Height 0 holds nodes, a greater height holds chunks of the next lower
// one. The entries lie behind it in the same piece of memory.
class Chunk final : public Counted {
  public:
    struct Entry {
        std::string_view name;  // of the node, or of the first node below the chunk
        Ref<const Counted> item;
    };

    // Moves the entries, 1 to chunk_bound, from `from`.
    static Ref<const Chunk> make(unsigned height, std::span<Entry> from);

    unsigned height() const { return height_; }
    std::span<const Entry> entries() const { return {first(), size_}; }
    std::size_t count() const { return count_; }            // nodes in all
    std::size_t name_bytes() const { return name_bytes_; }  // sum of the lengths of their names

    const Node& node(std::size_t i) const;
    const Chunk& chunk(std::size_t i) const;
    Ref<const Chunk> chunk_ref(std::size_t i) const;

    // For Children::put, on a chunk that nobody else holds: another node or chunk of as many nodes
    // and bytes of names in the place of entry `i`.
    void put(std::size_t i, Entry entry) { first()[i] = std::move(entry); }

    static void operator delete(void* chunk) { ::operator delete(chunk); }

  private:
    Chunk(unsigned height, std::span<Entry> from);
    ~Chunk() override;
    static void* operator new(std::size_t size, std::size_t entries) {
        return ::operator new(size + entries * sizeof(Entry));
    }
    static void operator delete(void* chunk, std::size_t) { ::operator delete(chunk); }

    const Entry* first() const;
    Entry* first() { return const_cast<Entry*>(std::as_const(*this).first()); }

    std::uint16_t height_;
    std::uint16_t size_;
    std::uint32_t name_bytes_ = 0;
    std::size_t count_ = 0;
};

class Children {
  public:
    Children() = default;
    // From nodes with strictly ascending names.
    explicit Children(const std::vector<Ref<const Node>>& sorted);

    std::size_t count() const { return root_ ? root_->count() : 0; }
    std::size_t name_bytes() const { return root_ ? root_->name_bytes() : 0; }
    bool empty() const { return !root_; }

    const Node* find(std::string_view name) const;  // null if absent
    Children with(Ref<const Node> node) const;      // added, or in place of the one of its name
    Children without(std::string_view name) const;

    // Null if absent. `sole` comes back true only if it was true and nobody else holds the node or
    // a chunk on the way to it.
    const Node* find(std::string_view name, bool& sole) const;
    // Changes this map itself where nobody else holds its chunks: a node in place of the one of its
    // name, which is there.
    void put(Ref<const Node> node);

    const Chunk* root() const { return root_.get(); }
    // The same chunks: what equal children of two versions of a tree nearly always are.
    bool same(const Children& other) const { return root_ == other.root_; }

  private:
    Ref<const Chunk> root_;
};

// Walks children in the order of their names. The children must outlive it.
class ChildCursor {
  public:
    explicit ChildCursor(const Children& children);

    const Node* get() const { return levels_ == 0 ? nullptr : &step_[0].chunk->node(step_[0].at); }
    void next() { skip(0); }
    // How many levels of chunks lie above the node; 0 at the end.
    unsigned levels() const { return levels_; }
    // The chunk of this height (below levels()) if the cursor stands at its first node, else null.
    const Chunk* starts(unsigned height) const;
    // Goes on behind the node (level 0), or behind the chunk of height level - 1 around it.
    void skip(unsigned level);

  private:
    struct Step {
        const Chunk* chunk = nullptr;
        std::size_t at = 0;
    };
    void descend(unsigned level);

    // Sixteen levels of at least two entries a chunk hold more nodes than memory does.
    std::array<Step, 16> step_;
    unsigned levels_ = 0;  // 0 at the end
};

}  // namespace stemma::store
