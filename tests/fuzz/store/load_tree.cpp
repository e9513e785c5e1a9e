// Any directory of git is a tree of ours or is refused; what is accepted is written and read again
// as the same, and its writing is a fixed point.
//
// The input makes objects: each line is a blob's bytes or, with its first byte as a mark, a tree of
// entries that name earlier objects; the last tree is the root.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "object_sink.hpp"
#include "object_source.hpp"
#include "object_writer.hpp"
#include "store/diff.hpp"
#include "tree_loader.hpp"

using namespace stemma::store;

namespace {

class Objects final : public ObjectSource, public ObjectSink {
  public:
    std::expected<std::vector<GitTreeEntry>, Error> tree(const ObjectId& id) override {
        const auto place = trees.find(id);
        if (place == trees.end()) return absent();
        return place->second;
    }
    std::expected<std::string, Error> blob(const ObjectId& id) override {
        const auto place = blobs.find(id);
        if (place == blobs.end()) return absent();
        return place->second;
    }
    std::expected<ObjectId, Error> put(ObjectKind kind, std::string_view bytes) override {
        const auto id = object_id(kind, bytes);
        if (!id) return id;
        if (kind == ObjectKind::blob) {
            blobs[*id] = bytes;
        } else {
            trees[*id] = parsed(bytes);
        }
        return id;
    }
    static std::unexpected<Error> absent() {
        return std::unexpected(Error{Error::Kind::not_found, "read", "an object", "absent"});
    }
    static std::vector<GitTreeEntry> parsed(std::string_view rest) {
        std::vector<GitTreeEntry> entries;
        while (!rest.empty()) {
            GitTreeEntry entry;
            entry.is_tree = rest.starts_with("40000 ");
            rest.remove_prefix(entry.is_tree ? 6 : 7);
            entry.name = rest.substr(0, rest.find('\0'));
            rest.remove_prefix(entry.name.size() + 1);
            for (std::size_t i = 0; i < entry.id.size(); ++i) {
                entry.id[i] = static_cast<std::uint8_t>(rest[i]);
            }
            rest.remove_prefix(entry.id.size());
            entries.push_back(std::move(entry));
        }
        return entries;
    }

    std::map<ObjectId, std::vector<GitTreeEntry>> trees;
    std::map<ObjectId, std::string> blobs;
};

std::string_view take(std::string_view& rest, char end) {
    const auto part = rest.substr(0, rest.find(end));
    rest.remove_prefix(std::min(rest.size(), part.size() + 1));
    return part;
}

bool equal(const Node& one, const Node& two) {
    bool same = true;
    diff(&one, &two, "/", [&](const Change&) { same = false; });
    return same;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view input(static_cast<const char*>(static_cast<const void*>(data)), size);
    Objects objects;
    std::vector<std::pair<ObjectId, bool>> made;  // with: is a tree
    ObjectId root{};
    while (!input.empty() && made.size() < 64) {
        std::string_view line = take(input, '\n');
        if (!line.starts_with('T')) {
            made.emplace_back(*objects.put(ObjectKind::blob, line), false);
            continue;
        }
        line.remove_prefix(1);
        std::vector<GitTreeEntry> entries;
        while (!line.empty()) {
            std::string_view entry = take(line, ' ');
            // The first byte says which object, the rest is the name; an object never made too.
            const auto which = static_cast<std::uint8_t>(entry.empty() ? 0 : entry[0]) % 32U;
            if (!entry.empty()) entry.remove_prefix(1);
            const bool there = which < made.size();
            entries.push_back({std::string(entry), there && made[which].second,
                               there ? made[which].first : ObjectId{}});
        }
        // Not by put(): git would not let such names into a tree, but a repository may hold them.
        ObjectId id{};
        id[0] = static_cast<std::uint8_t>(made.size() + 1);
        objects.trees[id] = std::move(entries);
        made.emplace_back(id, true);
        root = id;
    }
    const auto loaded = load_root(objects, root, {});
    if (!loaded) return 0;
    ObjectWriter writer(0);
    const auto place = ObjectWriter::Place::whole_tree;
    const auto id = writer.write_root(objects, **loaded, place, false);
    if (!id) std::abort();
    const auto again = load_root(objects, *id, {});
    if (!again || !equal(**loaded, **again)) std::abort();
    if (writer.write_root(objects, **again, place, false) != *id) std::abort();
    return 0;
}
