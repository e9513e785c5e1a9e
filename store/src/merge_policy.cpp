#include "store/merge.hpp"

namespace stemma::store {

MergePolicy MergePolicy::network_state() {
    return MergePolicy({
        {PathPattern("/local/domain/*/data/net/stats/**"), merge_counter},
        {PathPattern("/local/domain/*/data/net/*/stats/**"), merge_counter},
        {PathPattern("/local/domain/*/data/net/arp/**"), merge_later_expiry},
        {PathPattern("/local/domain/*/data/net/nat/**"), merge_later_expiry},
    });
}

MergeFunction MergePolicy::function_for(std::string_view path) const {
    for (const Rule& rule : rules_) {
        if (rule.pattern.matches(path)) return rule.function;
    }
    return merge_conflict;
}

std::string Conflicts::text() const {
    if (paths.empty()) return "no conflict";
    std::string text = paths.front().path + ": " + paths.front().why;
    if (count > 1) text += " (and " + std::to_string(count - 1) + " more)";
    return text;
}

}  // namespace stemma::store
