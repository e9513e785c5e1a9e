#include "xenstored/memory_account.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace stemma::xenstored {

std::size_t MemoryAccount::of(const Connection& connection) const {
    const auto nodes = tree_->counts().of(connection.caller.domain).bytes;
    std::size_t bytes = static_cast<std::size_t>(std::max<std::int64_t>(nodes, 0));
    bytes += connections_->watches().bytes(connection.id);
    bytes += connection.out.bytes();
    for (const auto& [id, transaction] : connection.transactions)
        bytes += transaction->bytes();
    return bytes;
}

std::size_t MemoryAccount::of(const Domain& domain) const {
    if (const Connection* const connection = connections_->find(domain.connection)) {
        return of(*connection);
    }
    return static_cast<std::size_t>(
        std::max<std::int64_t>(tree_->counts().of(domain.ref).bytes, 0));
}

bool MemoryAccount::has_room(const Connection& connection, std::size_t more) const {
    if (connection.caller.privileged) return true;
    const std::size_t limit = domains_->limits_of(connection.caller.domain).memory;
    return limit == 0 || of(connection) + more < limit;
}

void MemoryAccount::review(const Connection& connection) {
    if (connection.caller.privileged || connection.ignored) return;
    Domain* const domain = domains_->find(connection.caller.domain.id);
    if (domain == nullptr) return;
    const std::size_t bytes = of(connection);
    // The way back is longer than the way there, so that a guest that sways about a limit does not
    // fill the log; C waits ten seconds instead.
    const auto crossed = [bytes](bool& told, std::size_t limit) {
        const bool now = told ? reaches(bytes, limit - limit / 4) : reaches(bytes, limit);
        return std::exchange(told, now) != now;
    };
    const std::string who = "Domain " + std::to_string(domain->ref.id);
    if (crossed(domain->hard_limit_told, domain->limits.memory)) {
        if (domain->hard_limit_told) {
            log_->say(Severity::error,
                      who + " exceeds hard memory quota, Xenstore interface to domain stalled");
        } else {
            log_->say(Severity::info, who + " below hard memory quota again");
        }
    }
    if (crossed(domain->soft_limit_told, domain->limits.memory_soft)) {
        if (domain->soft_limit_told) {
            log_->say(Severity::warning, who + " exceeds soft memory quota");
        } else {
            log_->say(Severity::info, who + " below soft memory quota again");
        }
    }
}

}  // namespace stemma::xenstored
