#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rt/store.hpp"
#include "xs_wire/message.hpp"

namespace stemma::rt {

// Why a connection to the server cannot be used any more.
enum class StoreFault : std::uint8_t {
    none,
    closed,            // the transport ended, or its ring's indexes lie
    oversized,         // a message over xs::payload_max
    unexpected_reply,  // answers no outstanding request, or with another operation
    malformed_event,
};
std::string_view to_string(StoreFault fault);

// The client's side of the XenStore protocol without a transport: an edge carries output() to the
// server and gives receive() what comes back. What the server sends is checked; the first thing
// that makes no sense breaks the connection for good, and every waiting handler is told.
//
// Bounds, at which submit() and watch() refuse: outstanding_max requests without an answer,
// output_max bytes not yet taken by the edge, watches_max watches.
class StoreClient final : public Store {
  public:
    static constexpr std::size_t outstanding_max = 256;
    static constexpr std::size_t output_max = 64 * 1024;
    static constexpr std::size_t watches_max = 64;

    StoreClient();

    bool connected() const override { return fault_ == StoreFault::none; }
    std::size_t room() const override;
    bool submit(const StoreRequest& request, StoreHandler done) override;
    std::optional<WatchId> watch(std::string_view path, WatchHandler on_event,
                                 StoreHandler done) override;
    bool unwatch(WatchId watch, StoreHandler done) override;

    // The edge: bytes for the server, in order, until sent() takes them off the front. The span
    // holds until the next call of any member.
    std::span<const std::byte> output() const;
    void sent(std::size_t count);
    // The edge: the next bytes from the server, cut anywhere. Calls handlers.
    void receive(std::span<const std::byte> bytes);
    // The edge: no byte will come any more. Calls every waiting handler with connection_lost.
    void connection_lost() { fail(StoreFault::closed); }

    StoreFault fault() const { return fault_; }
    std::size_t outstanding() const { return outstanding_count_; }

  private:
    struct Outstanding {
        std::uint32_t id = 0;
        xs::MessageType type{};
        StoreHandler done;
    };
    struct Watch {
        std::uint32_t number = 0;  // 0: a free place
        std::string path;
        WatchHandler on_event;
    };

    void dispatch(const xs::Header& header, std::string_view payload);
    void dispatch_event(std::string_view payload);
    void dispatch_reply(const xs::Header& header, std::string_view payload);
    void fail(StoreFault fault);
    Outstanding pop_outstanding();
    Watch* find_watch(std::uint32_t number);

    StoreFault fault_ = StoreFault::none;
    std::uint32_t next_id_ = 1;
    std::uint32_t next_watch_ = 1;

    std::array<Outstanding, outstanding_max> outstanding_;  // a ring: answers come in order
    std::size_t outstanding_first_ = 0;
    std::size_t outstanding_count_ = 0;

    std::array<Watch, watches_max> watches_;

    std::vector<std::byte> output_;
    std::size_t output_first_ = 0;
    std::array<std::byte, xs::message_max> input_;
    std::size_t input_size_ = 0;
};

}  // namespace stemma::rt
