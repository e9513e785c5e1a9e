#pragma once

#include <string_view>

#include "xenstored/state.hpp"

namespace stemma::xenstored {

// Where the server writes what it does, before anybody can see it (Server::set_journal). After each
// commit() the State that results from all records so far is the server's.
class Journal {
  public:
    // The effects of one turn, or of several: all of them or none are there after a crash.
    virtual void commit(std::string_view records) = 0;

    // Whether checkpoint() should be called, at a moment when all effects are committed and every
    // byte that may go is gone.
    virtual bool wants_checkpoint() = 0;
    // The records from now on are changes to `state`.
    virtual void checkpoint(State state) = 0;

  protected:
    ~Journal() = default;
};

}  // namespace stemma::xenstored
