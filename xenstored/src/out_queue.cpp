#include "xenstored/out_queue.hpp"

#include <algorithm>
#include <utility>

namespace stemma::xenstored {

void OutQueue::push_reply(xs::Header header, std::string payload, Outstanding::Cause cause) {
    header.length = static_cast<std::uint32_t>(payload.size());
    Message message{{}, std::move(payload), Moment::max(), false, false, std::move(cause)};
    header.write(message.header);
    bytes_ += message.size();
    ++replies_;
    messages_.push_back(std::move(message));
}

OutQueue::Pushed OutQueue::push_event(std::string_view path, std::string_view token,
                                      Moment deadline, Outstanding::Cause cause) {
    const std::size_t length = path.size() + 1 + token.size() + 1;
    if (length > xs::payload_max) return Pushed::too_long;
    std::string payload;
    payload.reserve(length);
    payload.append(path).push_back('\0');
    payload.append(token).push_back('\0');
    const bool unique = !path.starts_with('@');
    if (unique && unique_.contains(payload)) return Pushed::duplicate;
    Message message{{}, std::move(payload), deadline, true, unique, std::move(cause)};
    xs::Header{xs::MessageType::watch_event, 0, 0, static_cast<std::uint32_t>(length)}.write(
        message.header);
    bytes_ += message.size();
    messages_.push_back(std::move(message));
    if (unique) unique_.insert(messages_.back().payload);
    return Pushed::queued;
}

std::size_t OutQueue::front(std::span<std::span<const std::byte>> parts) const {
    std::size_t count = 0;
    std::size_t skip = sent_;
    const auto give = [&](std::span<const std::byte> part) {
        const std::size_t skipped = std::min(skip, part.size());
        skip -= skipped;
        if (skipped < part.size()) parts[count++] = part.subspan(skipped);
    };
    for (const Message& message : messages_) {
        if (count + 2 > parts.size()) break;
        give(message.header);
        give(std::as_bytes(std::span(message.payload)));
    }
    return count;
}

void OutQueue::consume(std::size_t count) {
    bytes_ -= count;
    sent_ += count;
    while (!messages_.empty() && sent_ >= messages_.front().size()) {
        Message& done = messages_.front();
        sent_ -= done.size();
        if (!done.event) --replies_;
        if (done.unique) unique_.erase(done.payload);
        messages_.pop_front();
    }
}

std::size_t OutQueue::prune(Moment now, const std::function<void(std::size_t place)>& withdrawn) {
    std::size_t dropped = 0;
    std::size_t kept = 0;
    bool first = true;
    // the views would dangle as soon as a message is moved
    unique_.clear();
    std::erase_if(messages_, [&](const Message& message) {
        const bool begun = first && sent_ > 0;
        first = false;
        if (begun || message.deadline > now) {
            ++kept;
            return false;
        }
        if (withdrawn) withdrawn(kept);
        bytes_ -= message.size();
        ++dropped;
        return true;
    });
    for (const Message& message : messages_) {
        if (message.unique) unique_.insert(message.payload);
    }
    return dropped;
}

Moment OutQueue::next_deadline() const {
    // Deadlines are given in order, so the first event that can still be dropped has the earliest.
    for (std::size_t i = sent_ > 0 ? 1 : 0; i < messages_.size(); ++i) {
        if (messages_[i].deadline != Moment::max()) return messages_[i].deadline;
    }
    return Moment::max();
}

void OutQueue::put_back(std::string_view bytes, bool event, std::size_t sent, Moment deadline,
                        Outstanding::Cause cause) {
    const std::string_view payload = bytes.substr(std::min(bytes.size(), xs::Header::size));
    Message message{{}, std::string(payload), deadline, event, false, std::move(cause)};
    std::ranges::copy(std::as_bytes(std::span(bytes)).first(bytes.size() - payload.size()),
                      message.header.begin());
    message.unique = event && !payload.starts_with('@') && !unique_.contains(payload);
    bytes_ += message.size() - sent;
    sent_ += sent;
    if (!event) ++replies_;
    messages_.push_back(std::move(message));
    if (messages_.back().unique) unique_.insert(messages_.back().payload);
}

void OutQueue::clear() {
    unique_.clear();
    messages_.clear();
    sent_ = bytes_ = replies_ = 0;
}

}  // namespace stemma::xenstored
