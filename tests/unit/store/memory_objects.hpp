// Git objects in a map, written and read back without a repository.
#pragma once

#include <map>
#include <string>

#include "object_sink.hpp"
#include "object_source.hpp"

namespace stemma::store::test {

class MemoryObjects final : public ObjectSink, public ObjectSource {
  public:
    std::expected<ObjectId, Error> put(ObjectKind kind, std::string_view bytes) override {
        auto id = object_id(kind, bytes);
        if (id) objects[*id] = bytes;
        return id;
    }

    std::expected<std::vector<GitTreeEntry>, Error> tree(const ObjectId& id) override {
        auto bytes = blob(id);
        if (!bytes) return std::unexpected(bytes.error());
        std::vector<GitTreeEntry> entries;
        std::string_view rest = *bytes;
        while (!rest.empty()) {
            GitTreeEntry entry;
            entry.is_tree = rest.starts_with("40000 ");
            rest.remove_prefix(entry.is_tree ? 6 : 7);
            entry.name = rest.substr(0, rest.find('\0'));
            rest.remove_prefix(entry.name.size() + 1);
            std::copy_n(rest.begin(), entry.id.size(), entry.id.begin());
            rest.remove_prefix(entry.id.size());
            entries.push_back(std::move(entry));
        }
        return entries;
    }

    std::expected<std::string, Error> blob(const ObjectId& id) override {
        const auto place = objects.find(id);
        if (place != objects.end()) return place->second;
        return std::unexpected(Error{Error::Kind::not_found, "read", "an object", "absent"});
    }

    std::map<ObjectId, std::string> objects;
};

}  // namespace stemma::store::test
