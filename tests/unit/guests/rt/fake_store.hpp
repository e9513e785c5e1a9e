#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rt/store.hpp"

namespace stemma::rt {

// XenStore in memory, for tests of what uses rt::Store. Relative paths are taken as they stand: the
// guest's home is the tree's root, absolute paths stand beside it. Nodes have no permissions.
//
// A request takes effect when it is submitted. Its answer, and the events it causes, wait until
// step() or run() delivers them, in the order in which a server would send them (events of a
// request before its answer); so a test can change the tree between any two deliveries. With
// `immediate` set, everything is delivered before the outermost submit() returns, which no real
// server does.
class FakeStore final : public Store {
  public:
    using Tree = std::map<std::string, std::string, std::less<>>;

    // --- the store ---
    bool connected() const override { return connected_; }
    std::size_t room() const override;
    bool submit(const StoreRequest& request, StoreHandler done) override;
    std::optional<WatchId> watch(std::string_view path, WatchHandler on_event,
                                 StoreHandler done) override;
    bool unwatch(WatchId watch, StoreHandler done) override;

    // --- delivery ---
    bool step();        // delivers one answer or event; false when none waits
    std::size_t run();  // until none waits; how many there were
    std::size_t waiting() const { return deliveries_.size(); }
    void disconnect();  // answers connection_lost to every request, then refuses all

    // --- what others do: nodes change and watches fire, as if dom0 had done it ---
    void set(std::string_view path, std::string_view value);
    void remove(std::string_view path);
    void fire(std::string_view path);  // an event alone

    // --- looking ---
    const Tree& tree() const { return tree_; }
    std::optional<std::string> value(std::string_view path) const;
    std::vector<std::string> children(std::string_view path) const;

    // --- what goes wrong ---
    // Answers the next `count` requests of the type with the error, and does nothing else.
    void fail_next(xs::MessageType type, xs::Error error, std::size_t count = 1);
    // The next commits that would have gone in answer EAGAIN.
    void conflict_next_commits(std::size_t count) { conflicts_ += count; }

    // ENOSPC for a request that would bring the tree above this many nodes; with
    // `quota_at_commit`, in a transaction only its end answers so.
    std::size_t node_quota = SIZE_MAX;
    bool quota_at_commit = false;
    std::size_t outstanding_max = 256;
    bool immediate = false;
    std::size_t requests = 0;  // submitted so far
    std::map<xs::MessageType, std::size_t> requests_by_type;

  private:
    struct OpenTransaction {
        Tree base;
        Tree tree;
        std::vector<std::string> touched;  // paths that fire at commit
        std::vector<std::string> relied_on;
        std::vector<std::function<void(Tree&)>> changes;  // done again on the head at commit
    };
    struct OpenWatch {
        std::uint32_t number = 0;
        std::string path;
        WatchHandler on_event;
    };
    using Answer = std::expected<std::string, StoreError>;

    Answer perform(const StoreRequest& request);
    Answer perform_on_tree(const StoreRequest& request, Tree& tree, OpenTransaction* transaction);
    Answer end_transaction(const StoreRequest& request);
    void changed(std::string_view path, OpenTransaction* transaction);
    void drain_if_immediate();

    Tree tree_;
    std::map<std::uint32_t, OpenTransaction> transactions_;
    std::uint32_t next_transaction_ = 1;
    std::vector<OpenWatch> watches_;
    std::uint32_t next_watch_ = 1;
    std::deque<std::function<void(bool lost)>> deliveries_;
    std::size_t outstanding_ = 0;
    bool connected_ = true;
    bool draining_ = false;
    std::map<xs::MessageType, std::deque<xs::Error>> failures_;
    std::size_t conflicts_ = 0;
};

}  // namespace stemma::rt
