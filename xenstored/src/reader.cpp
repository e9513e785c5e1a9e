#include "xenstored/reader.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include "store/history.hpp"

namespace stemma::xenstored {

Reader::Reader(std::filesystem::path repository)
    : repository_(std::move(repository)),
      completion_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)),
      thread_([this] { work(); }) {}

Reader::~Reader() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_one();
    thread_.join();
}

std::optional<std::uint64_t> Reader::read(std::vector<std::string> revisions, std::string path) {
    const std::lock_guard lock(mutex_);
    if (requests_.size() >= queue_max) return std::nullopt;
    requests_.push_back({++last_id_, std::move(revisions), std::move(path)});
    wake_.notify_one();
    return last_id_;
}

std::vector<Reader::Result> Reader::take_results() {
    std::uint64_t count = 0;
    [[maybe_unused]] const auto got = ::read(completion_.get(), &count, sizeof count);
    const std::lock_guard lock(mutex_);
    return std::exchange(results_, {});
}

void Reader::work() {
    std::unique_lock lock(mutex_);
    for (;;) {
        wake_.wait(lock, [this] { return stopping_ || !requests_.empty(); });
        if (stopping_) return;
        const Request request = std::move(requests_.front());
        requests_.pop_front();
        lock.unlock();
        auto loaded = load(request);
        lock.lock();
        results_.push_back({request.id, std::move(loaded)});
        const std::uint64_t one = 1;
        [[maybe_unused]] const auto written = ::write(completion_.get(), &one, sizeof one);
    }
}

std::expected<std::optional<store::Tree>, store::Error> Reader::load(const Request& request) const {
    auto history = store::History::open(repository_);
    if (!history) return std::unexpected(history.error());
    std::optional<store::Error> missing;
    for (const std::string& revision : request.revisions) {
        if (const auto id = history->resolve(revision); !id) {
            missing = id.error();
            continue;
        }
        auto tree = history->read(revision, request.path);
        if (tree) return std::optional(std::move(*tree));
        if (tree.error().kind == store::Error::Kind::not_found) return std::nullopt;
        return std::unexpected(tree.error());
    }
    return std::unexpected(*missing);
}

}  // namespace stemma::xenstored
