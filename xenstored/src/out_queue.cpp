#include "xenstored/out_queue.hpp"

#include <algorithm>
#include <functional>

namespace stemma::xenstored {

void OutQueue::push_reply(xs::Header header, std::string payload) {
    header.length = static_cast<std::uint32_t>(payload.size());
    Message message{{}, std::move(payload), Moment::max(), false};
    header.write(message.header);
    bytes_ += message.size();
    ++replies_;
    messages_.push_back(std::move(message));
}

OutQueue::Pushed OutQueue::push_event(std::string_view path, std::string_view token,
                                      Moment deadline) {
    const std::size_t length = path.size() + 1 + token.size() + 1;
    if (length > xs::payload_max) return Pushed::too_long;
    std::string payload;
    payload.reserve(length);
    payload.append(path).push_back('\0');
    payload.append(token).push_back('\0');
    const std::size_t hash = std::hash<std::string_view>{}(payload);
    if (!path.starts_with('@') && event_hashes_.contains(hash)) {
        const auto same = [&](const Message& m) { return m.event && m.payload == payload; };
        if (std::ranges::any_of(messages_, same)) return Pushed::duplicate;
    }
    ++event_hashes_[hash];
    Message message{{}, std::move(payload), deadline, true};
    xs::Header{xs::MessageType::watch_event, 0, 0, static_cast<std::uint32_t>(length)}.write(
        message.header);
    bytes_ += message.size();
    messages_.push_back(std::move(message));
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
        sent_ -= messages_.front().size();
        forget(messages_.front());
        messages_.pop_front();
    }
}

void OutQueue::forget(const Message& message) {
    if (!message.event) {
        --replies_;
        return;
    }
    const auto hash = event_hashes_.find(std::hash<std::string_view>{}(message.payload));
    if (--hash->second == 0) event_hashes_.erase(hash);
}

std::size_t OutQueue::prune(Moment now) {
    std::size_t dropped = 0;
    bool first = true;
    std::erase_if(messages_, [&](const Message& message) {
        const bool begun = first && sent_ > 0;
        first = false;
        if (begun || message.deadline > now) return false;
        bytes_ -= message.size();
        forget(message);
        ++dropped;
        return true;
    });
    return dropped;
}

Moment OutQueue::next_deadline() const {
    // Deadlines are given in order, so the first event that can still be dropped has the earliest.
    for (std::size_t i = sent_ > 0 ? 1 : 0; i < messages_.size(); ++i) {
        if (messages_[i].deadline != Moment::max()) return messages_[i].deadline;
    }
    return Moment::max();
}

void OutQueue::clear() {
    messages_.clear();
    event_hashes_.clear();
    sent_ = bytes_ = replies_ = 0;
}

}  // namespace stemma::xenstored
