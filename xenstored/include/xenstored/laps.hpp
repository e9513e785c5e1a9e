#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace stemma::xenstored {

// How long each step of something took, one after the other, for a line of the log.
class Laps {
  public:
    using Clock = std::chrono::steady_clock;

    explicit Laps(Clock::time_point began = Clock::now()) : began_(began), last_(began) {}

    // The step that ended just now, or at that moment; it began when the one before it ended.
    void end(std::string_view step, Clock::time_point now = Clock::now());

    Clock::time_point began() const { return began_; }
    // "open transactions 0.1 ms, history 35 ms"
    const std::string& text() const { return text_; }
    // All of them, "35.1 ms".
    std::string total() const;

  private:
    Clock::time_point began_;
    Clock::time_point last_;
    std::string text_;
};

}  // namespace stemma::xenstored
