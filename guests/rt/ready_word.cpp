#include "rt/ready_word.hpp"

namespace stemma::rt {

Instant ReadyWord::run(Instant now) {
    if (state_ != State::due || !store_->connected()) return Instant::never();
    if (now < next_) return next_;
    next_ = now + period;
    const bool taken = store_->write("data/ready", "1", [this](StoreResult result) {
        state_ = result ? State::said : State::due;
    });
    if (!taken) return next_;
    state_ = State::writing;
    return Instant::never();
}

}  // namespace stemma::rt
