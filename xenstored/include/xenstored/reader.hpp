#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <expected>
#include <filesystem>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "store/error.hpp"
#include "store/tree.hpp"
#include "xenstored/descriptor.hpp"

namespace stemma::xenstored {

// Reads published trees in a thread of its own, so that the owner of the live tree never waits for
// a disk. Bound: queue_max requests waiting; more are refused.
class Reader {
  public:
    static constexpr std::size_t queue_max = 64;

    struct Result {
        std::uint64_t id;
        // The subtree as a tree whose root it is; no tree if the revision has nothing there.
        std::expected<std::optional<store::Tree>, store::Error> tree;
    };

    explicit Reader(std::filesystem::path repository);
    ~Reader();
    Reader(const Reader&) = delete;
    Reader& operator=(const Reader&) = delete;

    // Asks for the subtree at `path` of the first of `revisions` that there is; nothing if too
    // many wait already.
    std::optional<std::uint64_t> read(std::vector<std::string> revisions, std::string path);

    // An eventfd, readable while results wait.
    int completion_fd() const { return completion_.get(); }
    std::vector<Result> take_results();

  private:
    struct Request {
        std::uint64_t id;
        std::vector<std::string> revisions;
        std::string path;
    };

    void work();
    std::expected<std::optional<store::Tree>, store::Error> load(const Request& request) const;

    const std::filesystem::path repository_;
    Descriptor completion_;
    std::uint64_t last_id_ = 0;

    std::mutex mutex_;  // guards all below
    std::condition_variable wake_;
    std::deque<Request> requests_;
    std::vector<Result> results_;
    bool stopping_ = false;

    std::thread thread_;
};

}  // namespace stemma::xenstored
