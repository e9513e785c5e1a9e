#pragma once

#include <array>
#include <string>
#include <string_view>

#include "rt/store.hpp"
#include "rt/time.hpp"

namespace stemma::dns {

// What the guest serves, as text under data/net/dns, for people and tools:
//
//   status   "serving", "waiting" (for the first zone), "kept" (the store's copy is refused)
//   serial   of the copy that is served, as the store names it
//   soa      the served SOA's serial
//   records  how many are served
//   error    why the store's copy is refused; empty when it is not
//
// Written when they changed and at most once a second; what the store refuses is tried again.
class StatusNodes {
  public:
    enum Node : std::size_t { status, serial, soa, records, error };
    static constexpr rt::Duration period = rt::Duration::seconds(1);
    static constexpr std::size_t value_max = 1024;  // bytes; longer text is cut

    // Handlers in `store` keep pointers to this object: it stays where it is.
    explicit StatusNodes(rt::Store& store) : store_(store) {}
    StatusNodes(const StatusNodes&) = delete;
    StatusNodes& operator=(const StatusNodes&) = delete;

    void set(Node node, std::string_view value);

    // Called from Guest::run(); the moment to be called again.
    rt::Instant run(rt::Instant now);

  private:
    struct Text {
        std::string_view path;
        std::string wanted{};
        bool waiting = false;  // for the answer to a write
        bool dirty = true;
    };

    void write(Text& text);

    rt::Store& store_;
    std::array<Text, 5> texts_{{{"data/net/dns/status"},
                                {"data/net/dns/serial"},
                                {"data/net/dns/soa"},
                                {"data/net/dns/records"},
                                {"data/net/dns/error"}}};
    rt::Instant next_{INT64_MIN};
};

}  // namespace stemma::dns
