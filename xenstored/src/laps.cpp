#include "xenstored/laps.hpp"

namespace stemma::xenstored {

namespace {

std::string milliseconds(Laps::Clock::duration time) {
    const auto tenths = std::chrono::duration_cast<std::chrono::microseconds>(time).count() / 100;
    std::string text = std::to_string(tenths / 10);
    if (tenths < 100) text.append(".").append(std::to_string(tenths % 10));
    return text + " ms";
}

}  // namespace

void Laps::end(std::string_view step, Clock::time_point now) {
    if (!text_.empty()) text_ += ", ";
    text_.append(step).append(" ").append(milliseconds(now - last_));
    last_ = now;
}

std::string Laps::total() const {
    return milliseconds(last_ - began_);
}

}  // namespace stemma::xenstored
