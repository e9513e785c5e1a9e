#include "dns/name_tree.hpp"

#include <map>
#include <random>

#include "zone_fixture.hpp"

using namespace stemma::dns;
using stemma::dns_test::name_of;

namespace {
// Walks down from the root, as the responder does from the apex.
NodeId find(const NameTree& tree, const Name& name) {
    std::vector<std::vector<std::uint8_t>> labels;
    for (auto wire = name.wire(); wire[0] != 0; wire = wire.subspan(wire[0] + 1U)) {
        labels.emplace_back(wire.begin() + 1, wire.begin() + 1 + wire[0]);
        for (auto& byte : labels.back())
            byte = fold(byte);
    }
    NodeId node = root_node;
    for (auto label = labels.rbegin(); label != labels.rend() && node != no_node; ++label)
        node = tree.child(node, *label);
    return node;
}
}  // namespace

TEST_CASE("a name's first spelling is kept, later ones are the same node") {
    NameTree tree(LabelHash(1, 2));
    const NodeId node = tree.add(name_of("Www.Example.org."));
    CHECK(tree.add(name_of("wWW.example.ORG.")) == node);
    CHECK(tree.name(node).text() == "Www.Example.org.");
    CHECK(tree.size() == 4);
    CHECK(tree.depth(node) == 3);
    CHECK(tree.name(tree.parent(node)).text() == "Example.org.");
    CHECK(tree.add(Name()) == root_node);
    CHECK(tree.name(root_node).is_root());
}

TEST_CASE("at or below follows the parents") {
    NameTree tree(LabelHash(1, 2));
    const NodeId zone = tree.add(name_of("example.org."));
    const NodeId below = tree.add(name_of("a.b.example.org."));
    const NodeId beside = tree.add(name_of("example.com."));
    CHECK(tree.is_at_or_below(below, zone));
    CHECK(tree.is_at_or_below(zone, zone));
    CHECK(tree.is_at_or_below(beside, root_node));
    CHECK_FALSE(tree.is_at_or_below(zone, below));
    CHECK_FALSE(tree.is_at_or_below(beside, zone));
}

TEST_CASE("the tree agrees with a map of names, at every size") {
    NameTree tree(LabelHash(3, 4));
    std::map<std::string, NodeId> model{{".", root_node}};
    std::mt19937 random(7);
    const auto random_name = [&] {
        std::string text;
        for (auto n = random() % 5; n > 0; --n) {
            text += random() % 2 ? "label" : "L";
            text += std::to_string(random() % 12) + ".";
        }
        return text.empty() ? std::string(".") : text;
    };
    for (int i = 0; i < 4000; ++i) {
        const std::string text = random_name();
        const NodeId node = tree.add(name_of(text));
        for (std::string_view rest = text;;) {
            const auto key = stemma::dns_test::lower(rest.empty() ? "." : std::string(rest));
            const NodeId known = find(tree, name_of(key));
            const auto [entry, added] = model.emplace(key, known);
            if (entry->second != known) FAIL_CHECK(key);
            if (key == ".") break;
            rest.remove_prefix(rest.find('.') + 1);
        }
        CHECK(model[stemma::dns_test::lower(text)] == node);
        CHECK(tree.size() == model.size());
        const std::string other = random_name();
        const auto known = model.find(stemma::dns_test::lower(other));
        CHECK(find(tree, name_of(other)) == (known == model.end() ? no_node : known->second));
    }
    for (NodeId node = 1; node < tree.size(); ++node)
        CHECK(tree.parent(node) < node);
}
