// Where a tree is loaded from: what of a repository the loader needs, so that tests and the fuzzer
// can give it trees that no publisher would write.
#pragma once

#include <expected>
#include <string>
#include <vector>

#include "git_tree_text.hpp"
#include "store/error.hpp"

namespace stemma::store {

class ObjectSource {
  public:
    virtual ~ObjectSource() = default;
    virtual std::expected<std::vector<GitTreeEntry>, Error> tree(const ObjectId& id) = 0;
    virtual std::expected<std::string, Error> blob(const ObjectId& id) = 0;
};

}  // namespace stemma::store
