#include "store/publisher.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <thread>
#include <utility>

#include "publication.hpp"
#include "publish_queue.hpp"

namespace stemma::store {
namespace {

using std::chrono::duration_cast;
using std::chrono::microseconds;
using std::chrono::steady_clock;

// The owner's thread hands over under the mutex, which the writing thread holds only to take what
// waits and to report: never while it works.
class GitPublisher final : public Publisher {
  public:
    GitPublisher(const PublisherOptions& options, Publication publication, int completion_fd)
        : interval_(options.interval),
          look_(options.look),
          publication_(std::move(publication)),
          completion_fd_(completion_fd),
          queue_(options.queue_bound, options.interval),
          next_look_(steady_clock::now() + std::min(look_, std::chrono::seconds(60))),
          thread_() {
        stats_.history_budget = options.retention.budget;
        thread_ = std::thread([this] { work(); });
    }

    ~GitPublisher() override {
        {
            const std::lock_guard lock(mutex_);
            stopping_ = true;
        }
        wake_.notify_one();
        thread_.join();
        ::close(completion_fd_);
    }

    void submit(Submission submission) override {
        const std::lock_guard lock(mutex_);
        ++stats_.submitted;
        const bool was_empty = queue_.empty();
        switch (queue_.push(std::move(submission), steady_clock::now())) {
            case PublishQueue::Taken::queued:
                break;
            case PublishQueue::Taken::joined:
                ++stats_.joined;
                break;
            case PublishQueue::Taken::coalesced:
                ++stats_.coalesced;
                break;
            case PublishQueue::Taken::beyond_share:
                ++stats_.beyond_share;
                break;
        }
        if (was_empty || queue_.half_full()) wake_.notify_one();
    }

    RequestId publish_all() override {
        PublishJob job;
        job.kind = PublishJob::Kind::publish_all;
        return request(std::move(job));
    }

    RequestId snapshot(std::string_view name, const Tree& tree, Info info) override {
        PublishJob job;
        job.kind = PublishJob::Kind::snapshot;
        job.name = name;
        job.tree = tree;
        job.info = std::move(info);
        return request(std::move(job));
    }

    RequestId save_guest(std::string_view name, Ref<const Node> subtree, Info info) override {
        PublishJob job;
        job.kind = PublishJob::Kind::guest;
        job.name = name;
        job.subtree = std::move(subtree);
        job.info = std::move(info);
        return request(std::move(job));
    }

    int completion_fd() const override { return completion_fd_; }

    std::vector<Completion> take_completions() override {
        const std::lock_guard lock(mutex_);
        eventfd_t count = 0;
        ::eventfd_read(completion_fd_, &count);  // EAGAIN where there is none
        return std::exchange(completions_, {});
    }

    PublisherStats stats() const override {
        const std::lock_guard lock(mutex_);
        PublisherStats stats = stats_;
        stats.queued = queue_.commits() + in_work_;
        auto oldest = in_work_ > 0 ? in_work_since_ : steady_clock::time_point::max();
        if (!queue_.empty()) oldest = std::min(oldest, queue_.oldest());
        if (oldest != steady_clock::time_point::max()) {
            stats.waiting = duration_cast<microseconds>(steady_clock::now() - oldest);
        }
        return stats;
    }

    std::expected<Tree, Error> load_config() override {
        const std::lock_guard lock(publication_mutex_);
        return publication_.load_config();
    }

  private:
    RequestId request(PublishJob job) {
        const std::lock_guard lock(mutex_);
        const RequestId id = ++last_request_;
        job.request = id;
        job.handed_over = steady_clock::now();
        std::string name = job.name;
        if (!queue_.push_request(std::move(job))) {
            complete({id, std::unexpected(Error{Error::Kind::refused, "queue request", name,
                                                "too many requests wait for the disk"})});
        }
        wake_.notify_one();
        return id;
    }

    void complete(Completion completion) {
        completions_.push_back(std::move(completion));
        ::eventfd_write(completion_fd_, 1);
    }

    void work() {
        // Publishing may lag; the owner and the guests on the same cores may not: at equal priority
        // a batch took whole time slices from packets on their way. Best effort.
        ::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), 10);
        std::unique_lock lock(mutex_);
        while (true) {
            const bool woken =
                wake_.wait_until(lock, next_look_, [this] { return stopping_ || !queue_.empty(); });
            if (stopping_ && queue_.empty()) return;
            if (!woken) {
                look_at_history(lock);
                continue;
            }
            wait_for_company(lock);
            const bool last = stopping_;
            std::vector<PublishJob> jobs = queue_.take();
            in_work_since_ = std::ranges::min(jobs, {}, &PublishJob::handed_over).handed_over;
            in_work_ = static_cast<std::size_t>(
                std::ranges::count(jobs, PublishJob::Kind::commit, &PublishJob::kind));
            lock.unlock();
            auto batch = write(jobs);
            lock.lock();
            in_work_ = 0;
            if (batch) {
                succeeded(jobs, std::move(*batch));
            } else {
                failed(std::move(jobs), batch.error());
            }
            if (last) return;
            if (steady_clock::now() >= next_look_) look_at_history(lock);
        }
    }

    // One step of what history has to go, and the next as soon as nothing else is to do.
    void look_at_history(std::unique_lock<std::mutex>& lock) {
        lock.unlock();
        std::expected<bool, Error> more = false;
        Publication::Kept kept;
        {
            const std::lock_guard publishing(publication_mutex_);
            more = publication_.maintain(
                std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now()));
            kept = publication_.kept();
        }
        lock.lock();
        if (!more) {
            stats_.retention_error = more.error().text();
        } else if (!*more) {
            stats_.retention_error.clear();
        }
        stats_.history_bytes = kept.bytes;
        stats_.epochs = kept.epochs;
        stats_.thinned = kept.rewritten;
        stats_.dropped = kept.dropped;
        written_since_look_ = 0;
        next_look_ = steady_clock::now();
        if (!more || !*more) next_look_ += look_;
    }

    // Returns when a batch is worth writing: a request waits, the oldest submission is one interval
    // old, the queue is half full, or it is time to stop. After a failure nothing but a request
    // (one may hope) or the end cuts the pause short.
    void wait_for_company(std::unique_lock<std::mutex>& lock) {
        const auto until = failures_in_row_ == 0
                               ? queue_.due()
                               : failed_at_ + interval_ * (1 << std::min(failures_in_row_, 6));
        wake_.wait_until(lock, until, [this] {
            return stopping_ || queue_.has_requests() ||
                   (failures_in_row_ == 0 && queue_.half_full());
        });
    }

    std::expected<Publication::Batch, Error> write(const std::vector<PublishJob>& jobs) {
        const std::lock_guard lock(publication_mutex_);
        auto batch = publication_.publish(jobs);
        if (batch && publication_.consolidate().value_or(false)) ++consolidations_;
        return batch;
    }

    void succeeded(const std::vector<PublishJob>& jobs, Publication::Batch batch) {
        failures_in_row_ = 0;
        const auto lag = duration_cast<microseconds>(steady_clock::now() - in_work_since_);
        stats_.lag = lag;
        stats_.longest_lag = std::max(stats_.longest_lag, lag);
        stats_.published += batch.commits;
        ++stats_.batches;
        stats_.objects += batch.objects;
        stats_.bytes += batch.bytes;
        stats_.consolidations = consolidations_;
        // A budget that fills fast is looked after before the time.
        written_since_look_ += batch.bytes;
        if (written_since_look_ > stats_.history_budget / 8) next_look_ = steady_clock::now();
        for (std::size_t i = 0; i < jobs.size(); ++i) {
            if (jobs[i].request == 0) continue;
            complete({jobs[i].request, std::move(batch.results[i])});
        }
    }

    void failed(std::vector<PublishJob> jobs, const Error& error) {
        ++failures_in_row_;
        failed_at_ = steady_clock::now();
        ++stats_.failures;
        stats_.last_error = error.text();
        std::vector<PublishJob> commits;
        for (PublishJob& job : jobs) {
            if (job.kind == PublishJob::Kind::commit) {
                commits.push_back(std::move(job));
            } else {
                complete({job.request, std::unexpected(error)});
            }
        }
        stats_.coalesced += queue_.put_back(std::move(commits));
    }

    const std::chrono::milliseconds interval_;
    const std::chrono::seconds look_;

    std::mutex publication_mutex_;  // load_config() beside the writing thread
    Publication publication_;
    std::uint64_t consolidations_ = 0;  // the writing thread's

    const int completion_fd_;
    mutable std::mutex mutex_;  // guards all below
    std::condition_variable wake_;
    PublishQueue queue_;
    std::vector<Completion> completions_;
    PublisherStats stats_;
    RequestId last_request_ = 0;
    steady_clock::time_point next_look_;
    std::uint64_t written_since_look_ = 0;
    bool stopping_ = false;
    std::size_t in_work_ = 0;  // commits taken from the queue and not durable yet
    steady_clock::time_point in_work_since_{};
    int failures_in_row_ = 0;
    steady_clock::time_point failed_at_{};

    std::thread thread_;  // last: it uses all above
};

}  // namespace

std::expected<std::unique_ptr<Publisher>, Error> Publisher::open(const PublisherOptions& options) {
    auto publication = Publication::open(options.repository, options.pack_bound, options.retention);
    if (!publication) return std::unexpected(std::move(publication.error()));
    const int fd = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (fd < 0) {
        return std::unexpected(Error{Error::Kind::disk, "make eventfd for",
                                     options.repository.string(), std::strerror(errno)});
    }
    return std::make_unique<GitPublisher>(options, std::move(*publication), fd);
}

}  // namespace stemma::store
