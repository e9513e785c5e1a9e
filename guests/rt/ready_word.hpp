#pragma once

#include "rt/store.hpp"
#include "rt/time.hpp"

namespace stemma::rt {

// data/ready, by which a guest says that it serves, and for which `stemma create` waits. Written
// once; what the store refuses is tried again a second later.
class ReadyWord {
  public:
    static constexpr Duration period = Duration::seconds(1);

    // `store` must outlive it; a handler in it keeps a pointer to this object.
    explicit ReadyWord(Store& store) : store_(&store) {}
    ReadyWord(const ReadyWord&) = delete;
    ReadyWord& operator=(const ReadyWord&) = delete;

    // The guest serves; said once or more often.
    void serves() {
        if (state_ == State::no) state_ = State::due;
    }
    // The store has taken it.
    bool said() const { return state_ == State::said; }

    // Called from Guest::run(); the moment to be called again.
    Instant run(Instant now);

  private:
    enum class State { no, due, writing, said };

    Store* store_;
    State state_ = State::no;
    Instant next_{INT64_MIN};
};

}  // namespace stemma::rt
