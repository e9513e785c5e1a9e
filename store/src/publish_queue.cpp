#include "publish_queue.hpp"

#include <algorithm>
#include <utility>

namespace stemma::store {
namespace {

void add_lines(PublishJob& job, std::vector<std::string> lines) {
    for (std::string& line : lines) {
        if (job.info.why.size() < PublishQueue::lines_bound) {
            job.info.why.push_back(std::move(line));
        } else {
            ++job.lines_left_out;
        }
    }
}

// The subject alone must say that there is more: it is what `git log --oneline` shows.
void complete_lines(PublishJob& job) {
    auto& why = job.info.why;
    const std::uint64_t more = why.size() + job.lines_left_out - 1;
    if (why.empty() || more == 0 || !job.has_joined) return;
    job.has_joined = false;
    why.insert(why.begin(), why.front() + " (and " + std::to_string(more) + " more)");
    if (job.lines_left_out > 0) {
        why.push_back("(and " + std::to_string(job.lines_left_out) + " more)");
    }
}

void coalesce(PublishJob& last, PublishJob&& next) {
    last.has_joined = true;
    last.tree = std::move(next.tree);
    if (next.info.who != last.info.who) {
        for (std::string& line : next.info.why)
            line = next.info.who + ": " + line;
    }
    add_lines(last, std::move(next.info.why));
    last.lines_left_out += next.lines_left_out;
    last.info.when = next.info.when;
}

}  // namespace

bool is_network_state(std::string_view path) {
    static constexpr std::string_view home = "/local/domain/";
    if (!path.starts_with(home)) return false;
    const auto end = path.find('/', home.size());
    return end != std::string_view::npos && path.substr(end).starts_with("/data/net/");
}

PublishJob* PublishQueue::last_commit() {
    const auto last = std::ranges::find(jobs_.rbegin(), jobs_.rend(), PublishJob::Kind::commit,
                                        &PublishJob::kind);
    return last == jobs_.rend() ? nullptr : &*last;
}

bool PublishQueue::within_share(std::uint32_t domain, MonotonicTime now) {
    if (domain == 0) return true;
    if (shares_.size() >= shares_bound) shares_.clear();
    const auto [place, is_new] = shares_.try_emplace(domain);
    Share& share = place->second;
    if (!is_new) {
        const std::chrono::duration<double> passed = now - share.as_of;
        share.commits = std::min(share_burst, share.commits + passed / share_pause);
    }
    share.as_of = now;
    if (share.commits < 1) return false;
    share.commits -= 1;
    return true;
}

PublishQueue::Taken PublishQueue::push(Submission submission, MonotonicTime now) {
    const bool is_write = submission.kind == Submission::Kind::write;
    PublishJob* const last = jobs_.empty() ? nullptr : &jobs_.back();
    if (is_write && last != nullptr && last->is_run && last->client == submission.client &&
        now - last->handed_over < interval_) {
        const bool quiet = is_network_state(submission.path);
        const bool new_path = quiet || (last->paths.size() < run_paths_bound &&
                                        last->paths.insert(submission.path).second);
        if (new_path) {
            last->has_joined = true;
            last->tree = std::move(submission.tree);
            last->info.when = submission.info.when;
            add_lines(*last, std::move(submission.info.why));
            return Taken::joined;
        }
    }
    PublishJob job;
    job.tree = std::move(submission.tree);
    job.info = std::move(submission.info);
    job.handed_over = now;
    job.client = submission.client;
    job.is_run = is_write;
    if (is_write) job.paths.insert(std::move(submission.path));
    const bool within = within_share(submission.domain, now);
    if (commits_ >= bound_ || (!within && commits_ > 0)) {
        PublishJob& full = *last_commit();
        full.is_run = false;
        coalesce(full, std::move(job));
        return within ? Taken::coalesced : Taken::beyond_share;
    }
    job.beyond_share = !within;
    jobs_.push_back(std::move(job));
    ++commits_;
    return Taken::queued;
}

bool PublishQueue::push_request(PublishJob job) {
    if (requests_ >= bound_) return false;
    jobs_.push_back(std::move(job));
    ++requests_;
    return true;
}

std::vector<PublishJob> PublishQueue::take() {
    std::vector<PublishJob> taken(std::make_move_iterator(jobs_.begin()),
                                  std::make_move_iterator(jobs_.end()));
    jobs_.clear();
    commits_ = requests_ = 0;
    for (PublishJob& job : taken) {
        if (job.kind == PublishJob::Kind::commit) complete_lines(job);
    }
    return taken;
}

std::size_t PublishQueue::put_back(std::vector<PublishJob> commits) {
    std::size_t coalesced = 0;
    while (!commits.empty()) {
        PublishJob job = std::move(commits.back());
        commits.pop_back();
        job.is_run = false;
        if (commits_ >= bound_) {
            // The newer trees hold what these older ones did; their lines are only counted.
            PublishJob& oldest =
                *std::ranges::find(jobs_, PublishJob::Kind::commit, &PublishJob::kind);
            oldest.has_joined = true;
            oldest.lines_left_out += job.info.why.size() + job.lines_left_out;
            oldest.handed_over = std::min(oldest.handed_over, job.handed_over);
            ++coalesced;
            continue;
        }
        jobs_.push_front(std::move(job));
        ++commits_;
    }
    return coalesced;
}

MonotonicTime PublishQueue::oldest() const {
    return std::ranges::min(jobs_, {}, &PublishJob::handed_over).handed_over;
}

MonotonicTime PublishQueue::due() const {
    auto due = MonotonicTime::max();
    for (const PublishJob& job : jobs_) {
        const auto wait = job.beyond_share ? std::chrono::microseconds(share_pause) : interval_;
        due = std::min(due, job.handed_over + wait);
    }
    return due;
}

}  // namespace stemma::store
