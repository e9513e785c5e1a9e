#pragma once

#include <sys/types.h>

#include <expected>
#include <string>
#include <vector>

#include "xenstored/descriptor.hpp"

namespace stemma::xenstored {

// Runs a program with --help to see what it is, before this process becomes it: whether it can be
// started at all, whether it understands its arguments, if it is ours, and in which form it takes
// over. Nothing here waits.
class ProgramProbe {
  public:
    enum class Kind {
        ours,
        c,
        unknown,  // oxenstored, or no xenstored at all
    };

    // --help comes first: at the end it could be taken for the value of a flag that lacks one, and
    // a daemon would be started. C stops there; ours reads on and complains.
    static std::expected<ProgramProbe, std::string> start(
        const std::string& program, const std::vector<std::string>& arguments = {});
    ProgramProbe(ProgramProbe&& other) noexcept;
    ProgramProbe& operator=(ProgramProbe&& other) noexcept;
    // Ends the program, if it still runs.
    ~ProgramProbe();

    // Readable when it has said more, or has ended.
    int fd() const { return output_.get(); }
    // Takes what it said; true once that was all.
    bool read();
    Kind kind() const;
    // Of what it said, for the operator.
    std::string first_line() const;

  private:
    ProgramProbe(pid_t pid, Descriptor output) : pid_(pid), output_(std::move(output)) {}

    pid_t pid_ = -1;
    Descriptor output_;
    std::string said_;
};

}  // namespace stemma::xenstored
