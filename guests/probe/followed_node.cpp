#include "probe/followed_node.hpp"

#include <utility>

namespace stemma::probe {

void FollowedNode::follow(std::string_view path) {
    // should the store refuse this, events about the former node lead to a needless read
    if (watch_) store_.unwatch(*watch_, [](rt::StoreResult) {});
    path_ = path;
    ++turn_;
    watch_.reset();
    must_read_ = reading_ = false;
    next_ = {INT64_MIN};
    value_.reset();
    news_.reset();
}

rt::Instant FollowedNode::run(rt::Instant now) {
    const bool wants_something = !watch_ || (must_read_ && !reading_);
    if (path_.empty() || !wants_something || !store_.connected()) return rt::Instant::never();
    if (now < next_) return next_;
    if (watch_ ? read() : watch()) return rt::Instant::never();
    next_ = now + retry;
    return next_;
}

bool FollowedNode::watch() {
    watch_ = store_.watch(
        path_, [this](std::string_view) { must_read_ = true; },
        [this, turn = turn_](rt::StoreResult result) {
            if (!result && turn == turn_) watch_.reset();
        });
    return watch_.has_value();
}

bool FollowedNode::read() {
    // before the request goes out: an event from now on is about a later value
    must_read_ = false;
    reading_ = store_.read(path_, [this, turn = turn_](rt::StoreResult result) {
        if (turn == turn_) answered(result);
    });
    must_read_ = !reading_;
    return reading_;
}

void FollowedNode::answered(rt::StoreResult result) {
    reading_ = false;
    if (!result) {
        value_.reset();
        return;
    }
    if (value_ && *value_ == *result) return;
    value_ = std::string(*result);
    news_ = value_;
}

std::optional<std::string> FollowedNode::take() {
    return std::exchange(news_, std::nullopt);
}

}  // namespace stemma::probe
