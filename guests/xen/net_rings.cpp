#include "xen/net_rings.hpp"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <utility>

namespace stemma::xen {

namespace {

// struct netif_tx_sring and netif_rx_sring begin alike.
constexpr std::size_t request_producer = 0;
constexpr std::size_t request_event = 4;
constexpr std::size_t response_producer = 8;
constexpr std::size_t response_event = 12;
constexpr std::size_t first_slot = 64;

struct SendRequest {
    std::uint32_t grant;
    std::uint16_t offset;
    std::uint16_t flags;
    std::uint16_t id;
    std::uint16_t size;
};
struct SendResponse {
    std::uint16_t id;
    std::int16_t status;
};
struct ReceiveRequest {
    std::uint16_t id;
    std::uint16_t unused;
    std::uint32_t grant;
};
struct ReceiveResponse {
    std::uint16_t id;
    std::uint16_t offset;
    std::uint16_t flags;
    std::int16_t status;  // the frame's size, or an error below 0
};
constexpr std::size_t send_slot = 12;
constexpr std::size_t receive_slot = 8;
static_assert(sizeof(SendRequest) == send_slot && sizeof(ReceiveRequest) == receive_slot);

// NETRXF_csum_blank, more_data, extra_info: features that were not asked for.
constexpr std::uint16_t unwanted_flags = 2 | 4 | 8;

std::atomic_ref<std::uint32_t> word(std::byte* page, std::size_t offset) {
    return std::atomic_ref(*reinterpret_cast<std::uint32_t*>(page + offset));
}

template <typename Message>
void put(std::byte* page, std::uint32_t index, std::size_t slot, const Message& message) {
    std::memcpy(page + first_slot + index % NetRings::slots * slot, &message, sizeof message);
}

template <typename Message>
Message get(const std::byte* page, std::uint32_t index, std::size_t slot) {
    Message message;
    std::memcpy(&message, page + first_slot + index % NetRings::slots * slot, sizeof message);
    return message;
}

}  // namespace

NetRings::NetRings(const Memory& memory) : memory_(memory) {
    send_.page = memory.send_ring;
    receive_.page = memory.receive_ring;
    word(send_.page, response_event).store(1);
    word(send_.page, request_event).store(1);
    word(receive_.page, response_event).store(1);
    word(receive_.page, request_event).store(1);
    free_.reserve(slots);
    for (std::uint32_t i = 0; i < slots; ++i) {
        free_.push_back(static_cast<std::uint16_t>(slots - 1 - i));
        post(static_cast<std::uint16_t>(i));
    }
}

void NetRings::post(std::uint16_t buffer) {
    receiving_[buffer] = true;
    put(receive_.page, receive_.produced++, receive_slot,
        ReceiveRequest{buffer, 0, memory_.receive_grants[buffer]});
}

// How many responses wait; more than there are requests for is a lie.
std::uint32_t NetRings::responses(const Ring& ring, std::uint32_t outstanding) {
    const std::uint32_t waiting =
        word(ring.page, response_producer).load(std::memory_order_acquire) - ring.consumed;
    if (waiting > outstanding) broken_ = true;
    return broken_ ? 0 : waiting;
}

std::size_t NetRings::receive(rt::FrameSink& sink, std::size_t budget, rt::PortCounters& counters) {
    const std::uint32_t waiting = responses(receive_, receive_.published - receive_.consumed);
    const std::size_t count = std::min<std::size_t>(waiting, budget);
    for (std::size_t i = 0; i < count; ++i) {
        const auto response =
            get<ReceiveResponse>(receive_.page, receive_.consumed++, receive_slot);
        if (response.id >= slots || !receiving_[response.id]) {
            broken_ = true;
            return i;
        }
        receiving_[response.id] = false;
        const auto size = static_cast<std::size_t>(std::max<std::int16_t>(response.status, 0));
        const bool whole = response.status > 0 && size <= frame_.size() &&
                           response.offset + size <= page_size &&
                           (response.flags & unwanted_flags) == 0;
        if (whole) {
            std::memcpy(frame_.data(),
                        memory_.receive_buffers + response.id * page_size + response.offset, size);
            post(response.id);
            ++counters.received;
            sink.frame(std::span(frame_).first(size));
        } else {
            post(response.id);
            ++counters.receive_refused;
        }
    }
    return count;
}

void NetRings::take_sent(rt::PortCounters& counters) {
    for (std::uint32_t left = responses(send_, send_.published - send_.consumed); left > 0;
         --left) {
        const auto response = get<SendResponse>(send_.page, send_.consumed++, send_slot);
        if (response.id >= slots || !sending_[response.id]) {
            broken_ = true;
            return;
        }
        sending_[response.id] = false;
        free_.push_back(response.id);
        if (response.status < 0) ++counters.send_refused;
    }
}

std::span<std::uint8_t> NetRings::reserve(std::size_t size, rt::PortCounters& counters) {
    if (free_.empty()) take_sent(counters);
    if (size > frame_max || broken_) {
        ++counters.send_refused;
        return {};
    }
    if (free_.empty()) {
        ++counters.send_overruns;
        return {};
    }
    auto* const buffer = memory_.send_buffers + free_.back() * page_size;
    return {reinterpret_cast<std::uint8_t*>(buffer), size};
}

void NetRings::send_reserved(std::size_t size, rt::PortCounters& counters) {
    const std::uint16_t buffer = free_.back();
    free_.pop_back();
    sending_[buffer] = true;
    put(send_.page, send_.produced++, send_slot,
        SendRequest{memory_.send_grants[buffer], 0, 0, buffer, static_cast<std::uint16_t>(size)});
    ++counters.sent;
}

// RING_PUSH_REQUESTS_AND_CHECK_NOTIFY (xen/io/ring.h): the other end says from which request on it
// wants to be told.
bool NetRings::publish(Ring& ring) {
    if (ring.produced == ring.published) return false;
    const std::uint32_t before = std::exchange(ring.published, ring.produced);
    word(ring.page, request_producer).store(ring.produced, std::memory_order_release);
    std::atomic_thread_fence(std::memory_order_seq_cst);
    const std::uint32_t wanted = word(ring.page, request_event).load(std::memory_order_relaxed);
    return ring.produced - wanted < ring.produced - before;
}

bool NetRings::publish() {
    if (broken_) return false;
    const bool sent = publish(send_);
    return publish(receive_) || sent;
}

bool NetRings::arm(const Ring& ring) {
    word(ring.page, response_event).store(ring.consumed + 1, std::memory_order_relaxed);
    std::atomic_thread_fence(std::memory_order_seq_cst);
    return word(ring.page, response_producer).load(std::memory_order_acquire) != ring.consumed;
}

// Sent buffers are taken back when they are needed, so that what was sent wakes nobody while there
// are others. Those that wait are taken back first: nobody else would, and each arm() would find
// them again.
bool NetRings::arm(rt::PortCounters& counters) {
    constexpr std::size_t few = slots / 4;
    if (free_.size() < few) take_sent(counters);
    if (broken_) return false;
    if (free_.size() < few && arm(send_)) return true;
    return arm(receive_);
}

}  // namespace stemma::xen
