#pragma once

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "toolstack/store.hpp"

namespace stemma::toolstack {

// A XenStore in memory for tests: nodes, transactions that fail with EAGAIN after any other change,
// watches, and faults on demand. Permissions are kept as text and not judged.
class FakeStore : public Store {
  public:
    std::map<std::string, std::string> nodes{{"/", ""}};
    std::map<std::string, std::string> permissions;
    std::vector<std::string> requests;  // "write /a", "control snapshot x"
    std::function<StoreResult<std::string>(const std::vector<std::string>&)> on_control;
    // Called before each request is done; an error is its reply.
    std::function<std::optional<xs::Error>(const std::string& request)> fault;
    // Called after each change outside a transaction and each commit.
    std::function<void()> changed;
    std::size_t directory_limit = xs::payload_max;  // longest DIRECTORY reply

    StoreResult<std::string> request(xs::MessageType type, TransactionId transaction,
                                     std::string_view payload, std::string_view path) override;
    StoreResult<std::optional<WatchEvent>> next_event(Deadline deadline) override;

    // As another client would.
    void set(const std::string& path, const std::string& value);
    void fire(const std::string& path);
    std::string value(const std::string& path) const;
    bool has_below(const std::string& path) const;

  private:
    struct Transaction {
        std::map<std::string, std::string> nodes;
        std::uint64_t base = 0;
        std::vector<std::string> touched;
    };
    std::map<std::string, std::string>& tree(TransactionId transaction);
    StoreResult<std::string> directory(TransactionId transaction, const std::string& path,
                                       bool in_parts, std::size_t offset);
    void touched(TransactionId transaction, const std::string& path);

    std::map<TransactionId, Transaction> transactions_;
    std::vector<std::pair<std::string, std::string>> watches_;
    std::deque<WatchEvent> events_;
    TransactionId next_transaction_ = 1;
    std::uint64_t version_ = 1;
};

}  // namespace stemma::toolstack
