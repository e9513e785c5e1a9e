#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include "rt/store.hpp"
#include "rt/time.hpp"

namespace stemma::probe {

// What the probe found, as text nodes below data/probe, for scripts to read. Only what changed is
// written, at most once a second; what the store refuses is tried again a second later.
class Report {
  public:
    static constexpr std::size_t nodes_max = 64;
    static constexpr std::size_t value_max = 512;  // bytes; longer text is cut
    static constexpr rt::Duration period = rt::Duration::seconds(1);

    // Handlers in `store` keep pointers to this object: it stays where it is.
    explicit Report(rt::Store& store) : store_(store) {}
    Report(const Report&) = delete;
    Report& operator=(const Report&) = delete;

    // `name` is a legal relative path: "stream/state". Beyond nodes_max a new name is ignored.
    void set(std::string_view name, std::string_view value);
    void set(std::string_view name, std::uint64_t value) { set(name, std::to_string(value)); }

    // Called from Guest::run(); the moment to be called again.
    rt::Instant run(rt::Instant now);

  private:
    struct Node {
        std::string path;
        std::string value;
        bool dirty = true;
        bool waiting = false;  // for the answer to a write
    };

    void write(Node& node);

    rt::Store& store_;
    std::deque<Node> nodes_;  // handlers keep references into it
    rt::Instant next_{INT64_MIN};
};

}  // namespace stemma::probe
