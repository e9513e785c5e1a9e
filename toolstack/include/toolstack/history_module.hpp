#pragma once

#include "toolstack/command.hpp"

namespace stemma::toolstack {

// What reads published history, in a shared object of its own: the store reads with libgit2, and
// twenty libraries come with that, whose loading would be half of the start of every command.
struct HistoryModule {
    using Verb = Result<int> (*)(Invocation&);

    const char* built_for;  // this program's version, or it is another's
    Verb diff;
    Verb log;
    Verb revert;
    Verb snapshot;
};

// Loaded when it is first asked for, from lib/stemma/history.so beside the folder of the program.
Result<const HistoryModule*> history_module();

}  // namespace stemma::toolstack
