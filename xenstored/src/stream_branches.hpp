#pragma once

#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "store/diff.hpp"
#include "stream_records.hpp"
#include "xenstored/state.hpp"

// What-if branches in the stream between two of ours: of each, what its base has other than the
// live tree, then what the branch has other than its base. So it costs what was changed.
namespace stemma::xenstored {

void write_branches(const State& state,
                    const std::function<void(stream::Type, stream::Writer)>& record);

class BranchReader {
  public:
    // A record of that type; the result is what is wrong with it, if anything.
    std::optional<std::string> branch(stream::Reader& fields);
    std::optional<std::string> change(stream::Reader& fields);

    // All branches that were read, now that the live tree is known.
    std::expected<std::vector<State::Branch>, std::string> finish(const store::Tree& live) &&;

  private:
    struct Change {
        bool of_base = false;
        store::Change::Kind kind = store::Change::Kind::changed;
        std::string path;
        store::Content content;
        store::Edit edit;
    };
    struct Read {
        State::Branch branch;
        std::vector<Change> changes;
    };

    static bool make(store::Tree& tree, Change change);

    std::vector<Read> read_;
};

}  // namespace stemma::xenstored
