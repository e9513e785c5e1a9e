#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rt/store_client.hpp"

namespace stemma::self_test {

// The least of a XenStore that a guest can be run against: the client that every guest has, and at
// the other end of its bytes a server that holds a few nodes. It keeps no permissions, every
// transaction is the tree itself and commits, and a watch fires only once, when it is set.
class MemoryStore {
  public:
    rt::Store& store() { return client_; }

    // Carries requests and answers until neither waits; false when nothing moved.
    bool run();

    void set(std::string_view path, std::string_view value);
    // Of a node; empty when there is none.
    std::string_view value(std::string_view path) const;
    // Whether a node whose path begins so exists.
    bool has_below(std::string_view prefix) const;

  private:
    using Node = std::pair<std::string, std::string>;

    const Node* find(std::string_view path) const;
    void serve(const xs::Header& header, std::string_view payload);
    void reply(const xs::Header& to, xs::MessageType type, std::string_view payload);
    void answer_directory(const xs::Header& header, std::string_view path);
    void answer_watch(const xs::Header& header, std::string_view payload);

    rt::StoreClient client_;
    std::vector<Node> nodes_;  // in no order; a dozen
    std::string answers_;
};

}  // namespace stemma::self_test
