#include "store/merge.hpp"

namespace stemma::store {

MergePolicy MergePolicy::network_state() {
    // The outside endpoint is the first word of a mapping.
    const auto outside = [](std::string_view mapping) {
        return mapping.substr(0, mapping.find(' '));
    };
    return MergePolicy(
        {
            {PathPattern("/local/domain/*/data/net/stats/**"), merge_counter},
            {PathPattern("/local/domain/*/data/net/*/stats/**"), merge_counter},
            {PathPattern("/local/domain/*/data/net/arp/**"), merge_later_expiry},
            {PathPattern("/local/domain/*/data/net/nat/**"), merge_later_expiry},
            {PathPattern("/local/domain/*/data/net/dns/**"), merge_dns_cache},
            {PathPattern("/local/domain/*/data/net/dhcp/**"), merge_lease},
            {PathPattern("/local/domain/*/data/net/bridge/*/ports"), merge_set},
        },
        {{PathPattern("/local/domain/*/data/net/nat/*"), outside}});
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
