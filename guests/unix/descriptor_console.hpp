#pragma once

#include <cstdint>
#include <string_view>

#include "rt/console.hpp"

namespace stemma::hosted {

// Lines to a pipe or terminal that the agent reads. When it does not read, lines are dropped, and
// the next that fits is preceded by how many.
class DescriptorConsole final : public rt::Console {
  public:
    static constexpr std::size_t line_max = 500;  // bytes; longer lines are cut, and say so

    // Makes the descriptor non-blocking.
    explicit DescriptorConsole(int descriptor);

    void line(std::string_view text) override;

  private:
    bool write_line(std::string_view text);

    int descriptor_;
    std::uint64_t dropped_ = 0;
};

}  // namespace stemma::hosted
