#include "xenstored/transaction.hpp"

#include <algorithm>
#include <utility>

#include "store/children.hpp"
#include "xenstored/node_path.hpp"
#include "xenstored/payload.hpp"
#include "xenstored/place.hpp"

namespace stemma::xenstored {

Ruling Transaction::request(Bench bench, const store::Tree& head, EditNumbers& numbers,
                            const store::Stamp& stamp, xs::MessageType type,
                            std::string_view payload) {
    if (doomed_ && !broken_) {
        Branch passing(head, numbers);
        bench.in_transaction = true;
        Ruling ruling = judge(bench, passing, type, payload);
        // The node may be one that the transaction itself has made: a change is refused for nothing
        // that its end will not tell.
        const bool change = type == xs::MessageType::write || type == xs::MessageType::mkdir ||
                            type == xs::MessageType::rm || type == xs::MessageType::set_perms;
        if (change && !ruling.reply && ruling.reply.error() == xs::Error::enoent) {
            ruling.reply = acknowledged();
        }
        return ruling;
    }
    if (!branch_) {
        base_ = head;
        branch_.emplace(head, numbers);
    }
    branch_->stamp(stamp);
    bench.in_transaction = true;
    bench.accesses = &accesses_;
    Ruling ruling = judge(bench, *branch_, type, payload);
    if (!broken_) {
        bytes_ += sizeof(Request) + payload.size() + (ruling.reply ? ruling.reply->size() : 0);
        weight_ += 1 + path_levels(payload) / 8;
        requests_.push_back({type, std::string(payload), stamp, ruling});
    }
    creates_ = creates_ || ruling.creates;
    if (ruling.breaks_transaction || bytes_ > bounds_.bytes || weight_ > bounds_.weight) give_up();
    return ruling;
}

std::size_t Transaction::bytes() const {
    std::int64_t growth = 0;
    if (branch_ && !broken_) {
        for (const auto& [owner, change] : branch_->tally().changes())
            growth += change.bytes;
    }
    return bytes_ + static_cast<std::size_t>(std::max<std::int64_t>(growth, 0));
}

void Transaction::doom() {
    doomed_ = true;
    requests_ = {};
    bytes_ = weight_ = 0;
    base_.reset();
    branch_.reset();
}

void Transaction::give_up() {
    broken_ = true;
    requests_ = {};
    bytes_ = weight_ = 0;
}

std::expected<std::optional<Branch>, Transaction::Conflict> Transaction::finish(
    const Bench& bench, const store::Tree& head, const NodeCounts& counts,
    EditNumbers& numbers) const {
    if (broken_) return std::unexpected(Conflict{xs::Error::enomem, {}});
    if (doomed_) return std::unexpected(Conflict{xs::Error::eagain, {}});
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
            if (now.stands_by(request.ruling)) continue;
            return std::unexpected(
                Conflict{xs::Error::eagain, culprits(request, bench.caller.domain.id, head)});
        }
    }
    if (over_quota(bench, *merged, counts)) {
        return std::unexpected(Conflict{xs::Error::enospc, {}});
    }
    return merged;
}

// Those who last changed the node that the request named, or the nearest there is, and, for RM, the
// nodes below it, since the transaction began.
std::vector<xs::DomainId> Transaction::culprits(const Request& request, xs::DomainId home,
                                                const store::Tree& head) const {
    std::vector<xs::DomainId> found;
    const auto blame = [&](const store::Node& now, const store::Node* then) {
        const xs::DomainId domain = now.stamp().domain;
        const bool changed = then == nullptr || then->generation() != now.generation();
        if (changed && domain != 0 && std::ranges::find(found, domain) == found.end()) {
            found.push_back(domain);
        }
    };
    const auto named = strings(request.payload);
    const std::string_view first = named.empty() ? std::string_view(request.payload) : named[0];
    std::string scratch;
    const std::string_view path = canonical(first, home, scratch);
    if (is_special(path)) return found;
    const Place place = locate(head.root(), path);
    const store::Node* const before = base_->find(path.substr(0, place.nearest_length));
    blame(*place.nearest, before);
    if (request.type != xs::MessageType::rm || place.node == nullptr) return found;
    std::vector<std::pair<const store::Node*, const store::Node*>> waiting{{place.node, before}};
    while (!waiting.empty()) {
        const auto [now, then] = waiting.back();
        waiting.pop_back();
        if (now == then) continue;
        blame(*now, then);
        for (store::ChildCursor child(now->children()); child.get() != nullptr; child.next()) {
            const std::string_view name = child.get()->name();
            waiting.emplace_back(child.get(), then != nullptr ? then->child(name) : nullptr);
        }
    }
    return found;
}

bool Transaction::over_quota(const Bench& bench, const Branch& merged,
                             const NodeCounts& counts) const {
    // One that makes nodes is looked at as a whole, even if it leaves fewer nodes than it found;
    // one that makes none may go through whatever the quota is.
    if (bench.caller.privileged || !creates_) return false;
    for (const DomainRef owner : merged.tally().counted()) {
        if (owner.id == 0) continue;
        const std::int64_t change = merged.tally().of(owner).nodes;
        const std::int64_t owned = std::max<std::int64_t>(counts.of(owner).nodes + change, 0);
        if (reaches(static_cast<std::size_t>(owned), bench.domains.limits_of(owner).nodes)) {
            return true;
        }
    }
    return false;
}

}  // namespace stemma::xenstored
