#include "xen/chacha_entropy.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

namespace stemma::xen {

namespace {

// "expand 32-byte k"
constexpr std::array<std::uint32_t, 4> constants{0x61707865, 0x3320646e, 0x79622d32, 0x6b206574};

void quarter(ChaChaEntropy::Words& s, int a, int b, int c, int d) {
    const auto at = [&](int i) -> std::uint32_t& { return s[static_cast<std::size_t>(i)]; };
    at(a) += at(b);
    at(d) = std::rotl(at(d) ^ at(a), 16);
    at(c) += at(d);
    at(b) = std::rotl(at(b) ^ at(c), 12);
    at(a) += at(b);
    at(d) = std::rotl(at(d) ^ at(a), 8);
    at(c) += at(d);
    at(b) = std::rotl(at(b) ^ at(c), 7);
}

}  // namespace

ChaChaEntropy::Words ChaChaEntropy::block(const Words& state) {
    Words working = state;
    for (int round = 0; round < 10; ++round) {
        for (int i = 0; i < 4; ++i)
            quarter(working, i, 4 + i, 8 + i, 12 + i);
        for (int i = 0; i < 4; ++i)
            quarter(working, i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4);
    }
    for (std::size_t i = 0; i < working.size(); ++i)
        working[i] += state[i];
    return working;
}

ChaChaEntropy::Words ChaChaEntropy::next_block() {
    Words state;
    std::ranges::copy(constants, state.begin());
    std::ranges::copy(key_, state.begin() + 4);
    state[12] = ++counter_;
    std::ranges::copy(nonce_, state.begin() + 13);
    return block(state);
}

void ChaChaEntropy::absorb(std::span<const std::uint8_t> bytes) {
    while (!bytes.empty()) {
        const std::size_t count = std::min(bytes.size(), sizeof nonce_);
        std::array<std::uint8_t, sizeof nonce_> piece{};
        std::ranges::copy(bytes.first(count), piece.begin());
        std::memcpy(nonce_.data(), piece.data(), piece.size());
        bytes = bytes.subspan(count);
        // The new key depends on all that was absorbed before and on this piece.
        const Words mixed = next_block();
        std::copy_n(mixed.begin(), key_.size(), key_.begin());
    }
}

void ChaChaEntropy::absorb(std::uint64_t word) {
    std::array<std::uint8_t, sizeof word> bytes;
    std::memcpy(bytes.data(), &word, sizeof word);
    absorb(bytes);
}

void ChaChaEntropy::fill(std::span<std::uint8_t> bytes) {
    while (!bytes.empty()) {
        const Words words = next_block();
        std::copy_n(words.begin(), key_.size(), key_.begin());
        std::array<std::uint8_t, sizeof words / 2> given;
        std::memcpy(given.data(), words.data() + key_.size(), given.size());
        const std::size_t count = std::min(bytes.size(), given.size());
        std::ranges::copy(std::span(given).first(count), bytes.begin());
        bytes = bytes.subspan(count);
    }
}

}  // namespace stemma::xen
