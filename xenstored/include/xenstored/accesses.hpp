#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace stemma::xenstored {

// The nodes a transaction has touched, in the order of their first touch, which is the order in
// which C fires their events at the commit; and those among them that it changed. Bounded by the
// quota transaction-nodes for unprivileged callers.
class Accesses {
  public:
    explicit Accesses(std::size_t limit) : limit_(limit) {}

    // False if this would be one node too many.
    bool touch(std::string_view path);

    // A touched node was changed: an event is due at the commit, for watches at or above it, or
    // (exact) only for watches on it. The wider kind wins over the narrower.
    void changed(std::string_view path, bool exact);

    struct Change {
        std::string path;
        bool exact;
        bool before_parent;  // the parent was touched, and later
    };
    // In the order of first touch.
    std::vector<Change> changes() const;

    bool any_change() const { return changed_ > 0; }
    std::size_t size() const { return order_.size(); }
    // Length of all their paths.
    std::size_t bytes() const { return bytes_; }

  private:
    struct State {
        std::size_t order;
        enum class Kind : unsigned char { unchanged, exact, wide } kind;
    };
    struct Hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const noexcept {
            return std::hash<std::string_view>{}(text);
        }
    };

    std::unordered_map<std::string, State, Hash, std::equal_to<>> order_;
    std::size_t limit_;
    std::size_t changed_ = 0;
    std::size_t bytes_ = 0;
};

}  // namespace stemma::xenstored
