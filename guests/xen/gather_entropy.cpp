#include <cpuid.h>

#include <cstddef>
#include <vector>

#include "xen/chacha_entropy.hpp"
#include "xen/pv_clock.hpp"

namespace stemma::xen {

namespace {

constexpr unsigned has_rdrand = 1u << 30;  // CPUID 1, ECX
constexpr unsigned has_rdseed = 1u << 18;  // CPUID 7, EBX
constexpr int words = 8;
constexpr int attempts = 64;
constexpr int jitter_rounds = 1024;
// Rounds that took another time than the one before: with fewer the counter tells nothing new.
constexpr int jitter_least = jitter_rounds / 16;

bool rdrand(std::uint64_t& word) {
    bool ok = false;
    asm volatile("rdrand %0" : "=r"(word), "=@ccc"(ok));
    return ok;
}
bool rdseed(std::uint64_t& word) {
    bool ok = false;
    asm volatile("rdseed %0" : "=r"(word), "=@ccc"(ok));
    return ok;
}

// False when it did not give all that was asked for: broken ones fail for ever.
bool absorb_from(ChaChaEntropy& entropy, bool (*instruction)(std::uint64_t&)) {
    int got = 0;
    for (int tried = 0; got < words && tried < attempts; ++tried) {
        std::uint64_t word = 0;
        if (!instruction(word)) continue;
        entropy.absorb(word);
        ++got;
    }
    return got == words;
}

// How long a walk over memory and an exit to the hypervisor take differs each time.
bool absorb_jitter(ChaChaEntropy& entropy) {
    std::vector<std::uint8_t> memory(64 * 1024);
    std::size_t place = 0;
    std::uint64_t last = 0;
    int changes = 0;
    for (int i = 0; i < jitter_rounds; ++i) {
        const std::uint64_t before = __builtin_ia32_rdtsc();
        for (int step = 0; step < 16; ++step) {
            place = (place * 1103515245 + 12345 + memory[place]) % memory.size();
            memory[place] = static_cast<std::uint8_t>(memory[place] + before);
        }
        if (i % 64 == 0) {
            unsigned a = 0, b = 0, c = 0, d = 0;
            __cpuid(0, a, b, c, d);  // which every hypervisor takes for itself
        }
        const std::uint64_t took = __builtin_ia32_rdtsc() - before;
        changes += took != last;
        last = took;
        entropy.absorb(took + (before << 20));
    }
    return changes >= jitter_least;
}

}  // namespace

EntropySources gather(ChaChaEntropy& entropy, std::span<std::uint8_t> given) {
    EntropySources sources;
    entropy.absorb(given);
    sources.given = given.size() >= seed_least;
    // Whoever reads this memory later shall not learn what was given out from it.
    for (std::uint8_t& byte : given)
        *const_cast<volatile std::uint8_t*>(&byte) = 0;
    unsigned a = 0, b = 0, c = 0, d = 0;
    if (__get_cpuid(1, &a, &b, &c, &d) != 0 && (c & has_rdrand) != 0)
        sources.rdrand = absorb_from(entropy, rdrand);
    if (__get_cpuid_count(7, 0, &a, &b, &c, &d) != 0 && (b & has_rdseed) != 0)
        sources.rdseed = absorb_from(entropy, rdseed);
    entropy.absorb(wall_clock());
    if (!sources.given) sources.jitter = absorb_jitter(entropy);
    return sources;
}

}  // namespace stemma::xen
