#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <expected>
#include <span>

namespace stemma::xs {

// The page a domain shares with xenstored: two byte rings and their indexes (struct
// xenstore_domain_interface of xs_wire.h; docs/misc/xenstore-ring.txt).
namespace ring_page {
inline constexpr std::size_t size = 4096;
inline constexpr std::size_t ring_size = 1024;  // XENSTORE_RING_SIZE, a power of two
inline constexpr std::size_t requests = 0;
inline constexpr std::size_t replies = 1024;
inline constexpr std::size_t request_consumer = 2048;
inline constexpr std::size_t request_producer = 2052;
inline constexpr std::size_t reply_consumer = 2056;
inline constexpr std::size_t reply_producer = 2060;
inline constexpr std::size_t server_features = 2064;
inline constexpr std::size_t connection = 2068;
inline constexpr std::size_t error = 2072;
inline constexpr std::size_t event_channel_port = 2076;
}  // namespace ring_page

// Bits of `server_features`. A server never takes one back.
enum class ServerFeature : std::uint32_t {
    reconnection = 1,
    error = 2,
    watch_depth = 4,
    any_domain = 8,
};

// Values of `connection`: the guest asks for a new start by `reconnect`, the server answers by
// writing `connected` once it has dropped all it held for the guest.
enum class RingConnection : std::uint32_t { connected = 0, reconnect = 1 };

// Values of `error`, told to the guest when the server has stopped serving it.
enum class RingError : std::uint32_t { none = 0, communication = 1, indexes = 2, protocol = 3 };

// Why a ring cannot be used any more: the peer's index is further away than the ring is long.
enum class RingFault { bad_index };

// One end of the shared page. The page is the peer's to scribble on: each peer index is read once
// and checked, data is copied out before anybody looks at it, and this end's own indexes are kept
// here, so that the peer cannot change them (XSA-38). Neither call notifies: the owner of the event
// channel does that, after every call that moved bytes.
//
// `page` must be 4-byte aligned, ring_page::size long, and outlive this object.
class RingEnd {
  public:
    enum class Side { server, client };

    // Takes up the rings where the page says this end left them.
    RingEnd(std::byte* page, Side side) : page_(page), side_(side) {
        consumed_ = load(own_consumer(), std::memory_order_relaxed);
        produced_ = load(own_producer(), std::memory_order_relaxed);
    }

    // Copies waiting bytes to the front of `out`; 0 when there are none.
    std::expected<std::size_t, RingFault> read(std::span<std::byte> out) {
        const auto count = take(out);
        if (count && *count > 0) store(own_consumer(), consumed_);
        return count;
    }

    // Copies from the front of `in` what there is room for; 0 when the ring is full.
    std::expected<std::size_t, RingFault> write(std::span<const std::byte> in) {
        const auto count = put(in);
        if (count && *count > 0) store(own_producer(), produced_);
        return count;
    }

    // The same, but the peer sees nothing of it before publish(): for a server that must first make
    // sure that it will remember.
    std::expected<std::size_t, RingFault> take(std::span<std::byte> out) {
        const auto waiting = bytes_waiting();
        if (!waiting) return waiting;
        const std::size_t count = std::min(*waiting, out.size());
        if (count == 0) return 0;
        const std::size_t from = consumed_ % ring_page::ring_size;
        const std::size_t first = std::min(count, ring_page::ring_size - from);
        std::memcpy(out.data(), page_ + incoming() + from, first);
        std::memcpy(out.data() + first, page_ + incoming(), count - first);
        consumed_ += static_cast<std::uint32_t>(count);
        return count;
    }
    std::expected<std::size_t, RingFault> put(std::span<const std::byte> in) {
        const auto space = bytes_free();
        if (!space) return space;
        const std::size_t count = std::min(*space, in.size());
        if (count == 0) return 0;
        const std::size_t to = produced_ % ring_page::ring_size;
        const std::size_t first = std::min(count, ring_page::ring_size - to);
        std::memcpy(page_ + outgoing() + to, in.data(), first);
        std::memcpy(page_ + outgoing(), in.data() + first, count - first);
        produced_ += static_cast<std::uint32_t>(count);
        return count;
    }
    void publish() {
        store(own_consumer(), consumed_);
        store(own_producer(), produced_);
    }

    // This end's own indexes: what publish() has said, or will say.
    std::uint32_t consumed() const { return consumed_; }
    std::uint32_t produced() const { return produced_; }
    // Takes up the rings where an earlier server remembers that it left them.
    void resume(std::uint32_t consumed, std::uint32_t produced) {
        consumed_ = consumed;
        produced_ = produced;
        publish();
    }

    std::expected<std::size_t, RingFault> bytes_waiting() const {
        const std::uint32_t waiting = load(peer_producer(), std::memory_order_acquire) - consumed_;
        if (waiting > ring_page::ring_size) return std::unexpected(RingFault::bad_index);
        return waiting;
    }

    std::expected<std::size_t, RingFault> bytes_free() const {
        const std::uint32_t unread = produced_ - load(peer_consumer(), std::memory_order_acquire);
        if (unread > ring_page::ring_size) return std::unexpected(RingFault::bad_index);
        return ring_page::ring_size - unread;
    }

    // Empties both rings and sets all four indexes to 0 (server only: INTRODUCE again,
    // reconnection).
    void reset() {
        consumed_ = produced_ = 0;
        for (const auto index : {ring_page::request_consumer, ring_page::request_producer,
                                 ring_page::reply_consumer, ring_page::reply_producer}) {
            store(index, 0);
        }
    }

    // Words beside the indexes, by their offset in ring_page.
    std::uint32_t word(std::size_t offset) const { return load(offset, std::memory_order_acquire); }
    void set_word(std::size_t offset, std::uint32_t value) { store(offset, value); }

  private:
    bool is_server() const { return side_ == Side::server; }
    std::size_t incoming() const { return is_server() ? ring_page::requests : ring_page::replies; }
    std::size_t outgoing() const { return is_server() ? ring_page::replies : ring_page::requests; }
    std::size_t own_consumer() const {
        return is_server() ? ring_page::request_consumer : ring_page::reply_consumer;
    }
    std::size_t own_producer() const {
        return is_server() ? ring_page::reply_producer : ring_page::request_producer;
    }
    std::size_t peer_producer() const {
        return is_server() ? ring_page::request_producer : ring_page::reply_producer;
    }
    std::size_t peer_consumer() const {
        return is_server() ? ring_page::reply_consumer : ring_page::request_consumer;
    }

    std::atomic_ref<std::uint32_t> at(std::size_t offset) const {
        // The page holds these words by the interface's definition; atomic_ref is the one sound way
        // to share them with a peer that may write at any instant.
        return std::atomic_ref(*reinterpret_cast<std::uint32_t*>(page_ + offset));
    }
    std::uint32_t load(std::size_t offset, std::memory_order order) const {
        return at(offset).load(order);
    }
    void store(std::size_t offset, std::uint32_t value) {
        at(offset).store(value, std::memory_order_release);
    }

    std::byte* page_;
    Side side_;
    std::uint32_t consumed_ = 0;
    std::uint32_t produced_ = 0;
};

}  // namespace stemma::xs
