#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "rt/store.hpp"
#include "rt/time.hpp"

namespace stemma::probe {

// A node of the store whose value is wanted now and whenever it changes. A node that does not exist
// or may not be read has no value; what the store refuses is tried again a second later.
class FollowedNode {
  public:
    static constexpr rt::Duration retry = rt::Duration::seconds(1);

    // Handlers in `store` keep pointers to this object: it stays where it is.
    explicit FollowedNode(rt::Store& store) : store_(store) {}
    FollowedNode(const FollowedNode&) = delete;
    FollowedNode& operator=(const FollowedNode&) = delete;

    // Follows this node from now on, and no other; an empty path is none.
    void follow(std::string_view path);

    // Called from Guest::run(); the moment to be called again.
    rt::Instant run(rt::Instant now);

    // The value, once for each time that it came to be another.
    std::optional<std::string> take();

  private:
    bool watch();
    bool read();
    void answered(rt::StoreResult result);

    rt::Store& store_;
    std::string path_;
    std::uint32_t turn_ = 0;  // counts follow(): answers about a former node are not this one's
    std::optional<rt::WatchId> watch_;
    bool must_read_ = false;
    bool reading_ = false;
    rt::Instant next_{INT64_MIN};
    std::optional<std::string> value_;
    std::optional<std::string> news_;
};

}  // namespace stemma::probe
