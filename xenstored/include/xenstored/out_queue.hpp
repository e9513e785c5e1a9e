#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "xenstored/outstanding.hpp"
#include "xs_wire/message.hpp"

namespace stemma::xenstored {

using Moment = std::chrono::steady_clock::time_point;

// Messages on their way to one client, in the order in which it will see them. Holds what it is
// given; its owner watches bytes() and replies() and stops reading requests, or drops events, at
// the bounds of Limits.
class OutQueue {
  public:
    OutQueue() = default;
    OutQueue(const OutQueue&) = delete;
    OutQueue& operator=(const OutQueue&) = delete;

    // Appends a reply; `payload` is at most payload_max bytes.
    void push_reply(xs::Header header, std::string payload, Outstanding::Cause cause = nullptr);

    // Appends a watch event, unless one with the same bytes still waits (paths beginning with '@'
    // are never left out). An event longer than payload_max is dropped, as XSA-324 has it.
    // `deadline`: when prune() may drop it unsent; Moment::max() for never.
    enum class Pushed { queued, duplicate, too_long };
    Pushed push_event(std::string_view path, std::string_view token, Moment deadline,
                      Outstanding::Cause cause = nullptr);

    bool empty() const { return messages_.empty(); }
    std::size_t bytes() const { return bytes_; }
    std::size_t replies() const { return replies_; }

    // Up to `parts.size()` pieces of what is to be sent next, in order; returns how many.
    std::size_t front(std::span<std::span<const std::byte>> parts) const;
    // `count` bytes of what front() gave were sent.
    void consume(std::size_t count);

    // Drops events whose deadline has come and of which nothing was sent; returns how many.
    // `withdrawn` is told the place of each among those that are there at that moment.
    std::size_t prune(Moment now, const std::function<void(std::size_t place)>& withdrawn = {});
    // The earliest deadline of an unsent event; Moment::max() if there is none.
    Moment next_deadline() const;

    void clear();

    // The message appended last: header and payload.
    std::pair<std::span<const std::byte>, std::string_view> newest() const {
        return {messages_.back().header, messages_.back().payload};
    }
    // For State. The messages as they are, and how many bytes of the first are gone.
    template <class Visit>
    void for_each(Visit visit) const {
        for (const Message& message : messages_)
            visit(std::span<const std::byte>(message.header), message.payload, message.event);
    }
    std::size_t sent() const { return sent_; }
    // Appends a message as it was; of the first, `sent` bytes are gone.
    void put_back(std::string_view bytes, bool event, std::size_t sent, Moment deadline,
                  Outstanding::Cause cause);

  private:
    struct Message {
        std::array<std::byte, xs::Header::size> header;
        std::string payload;
        Moment deadline;
        bool event;
        bool unique;  // an event of which no second may wait
        Outstanding::Cause cause;

        std::size_t size() const { return header.size() + payload.size(); }
    };

    void forget(const Message& message);

    std::deque<Message> messages_;
    std::size_t sent_ = 0;  // bytes of messages_.front() that are gone
    std::size_t bytes_ = 0;
    std::size_t replies_ = 0;
    // Payloads of the unique events that wait; they lie in messages_, which moves none of them
    // but in prune().
    std::unordered_set<std::string_view> unique_;
};

}  // namespace stemma::xenstored
