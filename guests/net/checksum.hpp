#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "net/ipv4_address.hpp"

// The Internet checksum (RFC 1071), its incremental update (RFC 1624), and what UDP does
// differently (RFC 768).
namespace stemma::net {

constexpr std::uint16_t fold_checksum(std::uint64_t sum) {
    sum = (sum & 0xffffffff) + (sum >> 32);
    sum = (sum & 0xffffffff) + (sum >> 32);
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    return static_cast<std::uint16_t>(sum);
}

// Adds up a message given in pieces of any length, also odd ones.
class Checksum {
  public:
    // Eight bytes at a time in the machine's own order: the sum of swapped words is the swapped sum
    // (RFC 1071 section 2 B).
    void add(std::span<const std::uint8_t> bytes) {
        std::uint64_t low = 0;
        std::uint64_t high = 0;
        const std::uint8_t* at = bytes.data();
        std::size_t left = bytes.size();
        for (; left >= 8; left -= 8, at += 8) {
            std::uint64_t words;
            std::memcpy(&words, at, sizeof words);
            low += words & 0xffffffff;
            high += words >> 32;
        }
        if (left >= 4) {
            std::uint32_t word;
            std::memcpy(&word, at, sizeof word);
            low += word;
            left -= 4;
            at += 4;
        }
        std::uint16_t sum = fold_checksum(low + high);
        if constexpr (std::endian::native == std::endian::little) sum = swapped(sum);
        std::uint64_t tail = sum;
        if (left >= 2) tail += static_cast<unsigned>(at[0] << 8 | at[1]);
        if ((left & 1) != 0) tail += static_cast<unsigned>(at[left - 1] << 8);
        sum_ += odd_ ? swapped(fold_checksum(tail)) : tail;
        odd_ = odd_ != ((bytes.size() & 1) != 0);
    }

    // Only between pieces of even length.
    void add16(std::uint16_t value) { sum_ += value; }
    void add32(std::uint32_t value) { sum_ += (value >> 16) + (value & 0xffff); }

    // The pseudo header of UDP (RFC 768) and TCP (RFC 9293 section 3.1); `length` is that of the
    // transport header and its payload.
    void add_pseudo_header(Ipv4Address source, Ipv4Address destination, std::uint8_t protocol,
                           std::uint16_t length) {
        add32(source.value);
        add32(destination.value);
        add16(protocol);
        add16(length);
    }

    // What goes into the checksum field; over a message with its field in place, 0 if it is good.
    std::uint16_t value() const { return static_cast<std::uint16_t>(~fold_checksum(sum_)); }

  private:
    static constexpr std::uint16_t swapped(std::uint16_t value) {
        return static_cast<std::uint16_t>(value << 8 | value >> 8);
    }

    std::uint64_t sum_ = 0;
    bool odd_ = false;  // the pieces so far end in the middle of a word
};

inline std::uint16_t checksum(std::span<const std::uint8_t> bytes) {
    Checksum sum;
    sum.add(bytes);
    return sum.value();
}

// Over a UDP or TCP segment and its pseudo header.
inline std::uint16_t transport_checksum(Ipv4Address source, Ipv4Address destination,
                                        std::uint8_t protocol,
                                        std::span<const std::uint8_t> segment) {
    Checksum sum;
    sum.add_pseudo_header(source, destination, protocol,
                          static_cast<std::uint16_t>(segment.size()));
    sum.add(segment);
    return sum.value();
}

// RFC 1624 equation 3, HC' = ~(~HC + ~m + m'): the checksum field after a 16-bit (32-bit) field
// that it covers changed.
constexpr std::uint16_t update_checksum16(std::uint16_t field, std::uint16_t from,
                                          std::uint16_t to) {
    const std::uint32_t sum =
        (~std::uint32_t{field} & 0xffff) + (~std::uint32_t{from} & 0xffff) + std::uint32_t{to};
    return static_cast<std::uint16_t>(~fold_checksum(sum));
}

constexpr std::uint16_t update_checksum32(std::uint16_t field, std::uint32_t from,
                                          std::uint32_t to) {
    const std::uint64_t sum =
        std::uint64_t{~std::uint32_t{field} & 0xffff} + std::uint64_t{~from} + std::uint64_t{to};
    return static_cast<std::uint16_t>(~fold_checksum(sum));
}

// RFC 768: a sum of 0 is sent as all ones, since 0 means that the sender made none.
constexpr std::uint16_t udp_checksum_field(std::uint16_t sum) {
    return sum == 0 ? 0xffff : sum;
}

// As update_checksum16/32 for the field of a UDP header: "none" stays "none", and no change of a
// checksum makes it "none" (RFC 3022 section 4.1).
constexpr std::uint16_t update_udp_checksum16(std::uint16_t field, std::uint16_t from,
                                              std::uint16_t to) {
    return field == 0 ? field : udp_checksum_field(update_checksum16(field, from, to));
}

constexpr std::uint16_t update_udp_checksum32(std::uint16_t field, std::uint32_t from,
                                              std::uint32_t to) {
    return field == 0 ? field : udp_checksum_field(update_checksum32(field, from, to));
}

}  // namespace stemma::net
