#pragma once

#include <string_view>

namespace stemma::rt {

// Where a guest speaks to its operator, a line at a time; `stemma console` shows it. Never blocks:
// what does not fit the console's buffer is dropped and counted by the edge.
class Console {
  public:
    virtual ~Console() = default;
    // `line` without its newline; bytes outside printable ASCII are shown escaped.
    virtual void line(std::string_view text) = 0;
};

}  // namespace stemma::rt
