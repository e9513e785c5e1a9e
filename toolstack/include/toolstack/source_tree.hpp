#pragma once

#include <string>

#include "toolstack/error.hpp"

namespace stemma::toolstack {

// A source tree of Stemma and the build directory in it that makes the guests.
struct SourceTree {
    std::string source;
    std::string build;

    bool operator==(const SourceTree&) const = default;
};

// $STEMMA_SOURCE with its build/release; else the tree and the build directory that this program
// was built in, if they are there. The working directory is not looked at: the command is root's,
// and what it builds is run.
Result<SourceTree> find_source_tree();

}  // namespace stemma::toolstack
