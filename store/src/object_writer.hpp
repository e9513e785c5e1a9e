// Turns nodes into git objects, in the on-disk form that store/README.md describes:
//
//   a blob of the value   no children, permissions equal to the parent's, a plain name
//   a tree otherwise      the children; `.value` if there is a value; `.node` (node_text.hpp) if
//                         there is something to say in it
//
// The root of a commit is always a tree and always names its permissions.
//
// Only what changed is looked at. A node remembers its id (stored_form.hpp), so an unchanged one is
// not hashed again; a directory that was written before is found beside its last version, and its
// git tree is an edit of that one's bytes (directory_cache.hpp), handed on with the delta.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <vector>

#include "directory_cache.hpp"
#include "object_sink.hpp"
#include "store/diff.hpp"
#include "store/error.hpp"
#include "store/node.hpp"

namespace stemma::store {

class ObjectWriter {
  public:
    // Where the tree of a commit comes from, which says whether the order of children is kept: it
    // is not in a domain's data/net, where names are not an order and a line a child would be a
    // burden.
    enum class Place : std::uint8_t { whole_tree, network_state };

    struct Entry {
        ObjectId id{};
        bool is_tree = false;
    };

    // `publisher` is the number under which this repository's publisher marks nodes; 0 marks none.
    // The sink may be changed from batch to batch.
    explicit ObjectWriter(std::uint32_t publisher,
                          std::size_t cache_bound = DirectoryCache::default_bound)
        : publisher_(publisher), cache_(cache_bound) {}

    // The id of the git tree for a commit of `root`. Marks what it wrote if `remember`: only right
    // if a ref will go on naming it.
    std::expected<ObjectId, Error> write_root(ObjectSink& sink, const Node& root, Place place,
                                              bool remember);
    // The git tree that holds, of all children of `root`, only the one of this name.
    std::expected<ObjectId, Error> write_root_with(ObjectSink& sink, const Node& root,
                                                   const Node* only_child, bool remember);

    // What was marked since the last of these two calls is durable, or is forgotten again.
    void keep() { marked_.clear(); }
    void forget();
    // From now on no node counts as written: what refers to them may go.
    void begin_round() { ++round_; }

    // Directories that were made from their last version.
    std::uint64_t edited() const { return edited_; }

  private:
    struct Frame;

    bool known(const Node& node, std::uint8_t variant, Entry& entry) const;
    void mark(const Node& node, std::uint8_t variant, const Entry& entry);
    bool begin_edit(Frame& frame);
    bool add_child(Frame& frame, std::vector<Frame>& stack);
    bool edit_child(Frame& frame, std::vector<Frame>& stack);
    std::expected<void, Error> finish(ObjectSink& sink, Frame& frame, Entry& entry);
    std::expected<bool, Error> finish_edit(ObjectSink& sink, Frame& frame, Entry& entry);
    std::expected<Entry, Error> write(ObjectSink& sink, Frame top);

    std::uint32_t publisher_;
    std::uint32_t round_ = 1;
    bool remember_ = false;
    std::vector<Ref<const Node>> marked_;
    Ref<const Node> last_root_;  // of a whole tree, marked
    DirectoryCache cache_;
    std::uint64_t edited_ = 0;
    Visited visited_;
};

}  // namespace stemma::store
