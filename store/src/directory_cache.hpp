// The bytes of directories lately written, by their id, so that the next version of one is an edit
// of these (directory_text.hpp). Bound: `bound` bytes; then what was used longest ago goes, and is
// written from its children the next time.
#pragma once

#include <cstddef>
#include <list>
#include <optional>
#include <string>
#include <unordered_map>

#include "directory_text.hpp"
#include "store/commit.hpp"

namespace stemma::store {

class DirectoryCache {
  public:
    static constexpr std::size_t default_bound = 16UL << 20;

    struct Form {
        DirectoryText text;
        std::string node_text;  // the content of its `.node`; empty: it has none
    };

    explicit DirectoryCache(std::size_t bound = default_bound) : bound_(bound) {}

    std::optional<Form> take(const ObjectId& id);
    void put(const ObjectId& id, Form form);

    std::size_t memory() const { return memory_; }

  private:
    struct Item {
        CommitId id;
        Form form;
    };
    static std::size_t memory_of(const Item& item);

    const std::size_t bound_;
    std::size_t memory_ = 0;
    std::list<Item> items_;  // the one used last comes first
    std::unordered_map<CommitId, std::list<Item>::iterator> places_;
};

}  // namespace stemma::store
