#include "dns/status_nodes.hpp"

#include <algorithm>

namespace stemma::dns {

void StatusNodes::set(Node node, std::string_view value) {
    Text& text = texts_[node];
    value = value.substr(0, value_max);
    if (text.wanted == value) return;
    text.wanted = value;
    text.dirty = true;
}

rt::Instant StatusNodes::run(rt::Instant now) {
    if (!store_.connected()) return rt::Instant::never();
    const bool dirty =
        std::any_of(texts_.begin(), texts_.end(), [](const Text& text) { return text.dirty; });
    if (!dirty) return rt::Instant::never();
    if (now < next_) return next_;
    for (Text& text : texts_) {
        if (text.dirty && !text.waiting) write(text);
    }
    next_ = now + period;
    return next_;
}

void StatusNodes::write(Text& text) {
    text.waiting = store_.write(text.path, text.wanted, [&text](rt::StoreResult result) {
        text.waiting = false;
        text.dirty = text.dirty || !result;
    });
    // Set again by an error, or by set() before the answer.
    if (text.waiting) text.dirty = false;
}

}  // namespace stemma::dns
