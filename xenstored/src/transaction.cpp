#include "xenstored/transaction.hpp"

namespace stemma::xenstored {

Ruling Transaction::request(Bench bench, const store::Tree& head, EditNumbers& numbers,
                            const store::Stamp& stamp, xs::MessageType type,
                            std::string_view payload) {
    if (!branch_) {
        base_ = head;
        branch_.emplace(head, numbers);
    }
    branch_->stamp(stamp);
    bench.in_transaction = true;
    bench.accesses = &accesses_;
    Ruling ruling = judge(bench, *branch_, type, payload);
    if (ruling.breaks_transaction) broken_ = true;

    bytes_ += sizeof(Request) + payload.size() + (ruling.reply ? ruling.reply->size() : 0);
    if (bytes_ > bytes_max_) broken_ = true;
    if (broken_) {
        requests_.clear();
    } else {
        requests_.push_back({type, std::string(payload), stamp, ruling});
    }
    return ruling;
}

std::expected<std::optional<Branch>, xs::Error> Transaction::finish(const Bench& bench,
                                                                    const store::Tree& head,
                                                                    const NodeCounts& counts,
                                                                    EditNumbers& numbers) const {
    if (broken_) return std::unexpected(xs::Error::enomem);
    if (!wrote()) return std::nullopt;

    std::optional<Branch> merged;
    if (head.same(*base_) && deaths_ == bench.domains.deaths()) {
        merged = branch_;
    } else {
        Bench again = bench;
        again.in_transaction = true;
        merged.emplace(head, numbers);
        for (const Request& request : requests_) {
            merged->stamp(request.stamp);
            const Ruling now = judge(again, *merged, request.type, request.payload);
            if (!now.stands_by(request.ruling)) return std::unexpected(xs::Error::eagain);
        }
    }
    if (over_quota(bench, *merged, counts)) return std::unexpected(xs::Error::enospc);
    return merged;
}

bool Transaction::over_quota(const Bench& bench, const Branch& merged,
                             const NodeCounts& counts) const {
    if (bench.caller.privileged) return false;
    for (const auto& [owner, change] : merged.tally().changes()) {
        if (change <= 0 || owner.id == 0) continue;
        if (counts.of(owner) + change >= static_cast<std::int64_t>(bench.limits.nodes)) return true;
    }
    return false;
}

}  // namespace stemma::xenstored
