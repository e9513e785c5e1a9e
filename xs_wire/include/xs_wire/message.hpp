#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>

namespace stemma::xs {

// Operation numbers of the XenStore protocol (xen/include/public/io/xs_wire.h; 23 to 26 by
// docs/misc/xenstore.txt of Xen 4.21 and 4.22). The number is what travels.
enum class MessageType : std::uint32_t {
    control = 0,
    directory = 1,
    read = 2,
    get_perms = 3,
    watch = 4,
    unwatch = 5,
    transaction_start = 6,
    transaction_end = 7,
    introduce = 8,
    release = 9,
    get_domain_path = 10,
    write = 11,
    mkdir = 12,
    rm = 13,
    set_perms = 14,
    watch_event = 15,
    error = 16,
    is_domain_introduced = 17,
    resume = 18,
    set_target = 19,
    restrict = 20,  // removed from the protocol; the number is never used again
    reset_watches = 21,
    directory_part = 22,
    get_feature = 23,
    set_feature = 24,
    get_quota = 25,
    set_quota = 26,
};

// Longest payload in either direction, in bytes (XENSTORE_PAYLOAD_MAX).
inline constexpr std::size_t payload_max = 4096;

// The fixed header before each payload: four 32-bit words in the host's byte order.
// A reply carries the request's request_id and transaction_id; a watch event has both 0.
struct Header {
    static constexpr std::size_t size = 16;

    MessageType type{};
    std::uint32_t request_id = 0;
    std::uint32_t transaction_id = 0;
    std::uint32_t length = 0;  // of the payload, in bytes; not yet checked against payload_max

    static Header read(std::span<const std::byte, size> bytes) {
        std::array<std::uint32_t, 4> words;
        std::memcpy(words.data(), bytes.data(), size);
        return {static_cast<MessageType>(words[0]), words[1], words[2], words[3]};
    }

    void write(std::span<std::byte, size> bytes) const {
        const std::array<std::uint32_t, 4> words{static_cast<std::uint32_t>(type), request_id,
                                                 transaction_id, length};
        std::memcpy(bytes.data(), words.data(), size);
    }
};

inline constexpr std::size_t message_max = Header::size + payload_max;

}  // namespace stemma::xs
