// Turns nodes into git objects, in the on-disk form that store/README.md describes:
//
//   a blob of the value   no children, permissions equal to the parent's, a plain name
//   a tree otherwise      the children; `.value` if there is a value; `.node` (node_text.hpp) if
//                         there is something to say in it
//
// The root of a commit is always a tree and always names its permissions. Only nodes that were not
// written before are hashed: a node remembers its id (stored_form.hpp).
#pragma once

#include <cstdint>
#include <expected>
#include <vector>

#include "object_sink.hpp"
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
    explicit ObjectWriter(std::uint32_t publisher) : publisher_(publisher) {}

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

  private:
    struct Frame;

    bool known(const Node& node, std::uint8_t variant, Entry& entry) const;
    void mark(const Node& node, std::uint8_t variant, const Entry& entry);
    std::expected<void, Error> finish(ObjectSink& sink, Frame& frame, Entry& entry);
    std::expected<Entry, Error> write(ObjectSink& sink, Frame top);

    std::uint32_t publisher_;
    bool remember_ = false;
    std::vector<Ref<const Node>> marked_;
};

}  // namespace stemma::store
