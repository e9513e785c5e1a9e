#include "tree_loader.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace stemma::store {
namespace {

// A node whose children are being read.
struct Frame {
    StoredNode node;
    std::size_t at = 0;
    std::vector<Node::Parts> children = {};
};

// Gives the children the places that `order` names, and the rest the place after those. Where no
// order is kept all have the same place, and list by name.
Children ordered(std::vector<Node::Parts> parts, const std::vector<std::string>& order) {
    std::map<std::string_view, std::uint64_t> places;
    for (const std::string& name : order)
        places.emplace(name, places.size() + 1);
    std::vector<Ref<const Node>> children;
    children.reserve(parts.size());
    for (Node::Parts& child : parts) {
        const auto place = places.find(child.name.view());
        child.number = place != places.end() ? place->second : places.size() + 1;
        children.push_back(make_counted<Node>(std::move(child)));
    }
    return Children(children);
}

class Loader {
  public:
    Loader(ObjectSource& source, const Stamp& stamp) : source_(source), stamp_(stamp) {}

    std::expected<Ref<const Node>, Error> load(const StoredPlace& top) {
        if (auto opened = open(top); !opened) return std::unexpected(std::move(opened.error()));
        while (true) {
            Frame& frame = stack_.back();
            if (frame.at < frame.node.children.size()) {
                const GitTreeEntry& entry = frame.node.children[frame.at++];
                const StoredPlace place{entry.name, entry.id, entry.is_tree,
                                        frame.node.permissions};
                if (auto opened = open(place); !opened) {
                    return std::unexpected(std::move(opened.error()));
                }
                continue;
            }
            auto closed = close(frame);
            if (!closed) return std::unexpected(std::move(closed.error()));
            stack_.pop_back();
            if (stack_.empty()) {
                closed->name = Bytes();
                return make_counted<Node>(std::move(*closed));
            }
            stack_.back().children.push_back(std::move(*closed));
        }
    }

  private:
    std::expected<void, Error> open(const StoredPlace& place) {
        if (stack_.size() >= load_depth_max) return std::unexpected(at_path("nested too deep"));
        auto node = read_stored(source_, place);
        if (!node) {
            const bool ours = node.error().kind == Error::Kind::corrupt;
            return std::unexpected(ours ? at_path(node.error().why) : std::move(node.error()));
        }
        stack_.push_back({std::move(*node)});
        return {};
    }

    std::expected<Node::Parts, Error> close(Frame& frame) {
        const auto by_name = [](const Node::Parts& child) { return child.name.view(); };
        std::ranges::sort(frame.children, {}, by_name);
        const auto twice = std::ranges::adjacent_find(frame.children, {}, by_name);
        if (twice != frame.children.end()) {
            return std::unexpected(
                at_path("the name \"" + std::string(twice->name.view()) + "\" twice"));
        }
        Node::Parts parts;
        parts.name = frame.node.name;
        parts.value = frame.node.value;
        parts.permissions = frame.node.permissions;
        parts.children = ordered(std::move(frame.children), frame.node.order);
        parts.stamp = stamp_;
        return parts;
    }

    Error at_path(std::string why) const {
        std::string path;
        for (std::size_t i = 1; i < stack_.size(); ++i)
            path.append("/").append(stack_[i].node.name);
        return {Error::Kind::corrupt, "load", path.empty() ? "/" : path, std::move(why)};
    }

    ObjectSource& source_;
    const Stamp stamp_;
    std::vector<Frame> stack_;
};

}  // namespace

std::expected<Ref<const Node>, Error> load_subtree(ObjectSource& source, const StoredPlace& place,
                                                   const Stamp& stamp) {
    return Loader(source, stamp).load(place);
}

std::expected<Ref<const Node>, Error> load_root(ObjectSource& source, const ObjectId& tree,
                                                const Stamp& stamp) {
    return load_subtree(source, {"", tree, true, {}}, stamp);
}

}  // namespace stemma::store
