#include <cpuid.h>

#include <cstddef>
#include <vector>

#include "xen/chacha_entropy.hpp"
#include "xen/hypercall.hpp"
#include "xen/pv_clock.hpp"

#include <xen/version.h>

namespace stemma::xen {

namespace {

constexpr unsigned has_rdrand = 1u << 30;  // CPUID 1, ECX
constexpr unsigned has_rdseed = 1u << 18;  // CPUID 7, EBX
constexpr int words = 8;
constexpr int attempts = 64;
constexpr int jitter_rounds = 1024;

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

void absorb_from(ChaChaEntropy& entropy, bool (*instruction)(std::uint64_t&)) {
    for (int got = 0, tried = 0; got < words && tried < attempts; ++tried) {
        std::uint64_t word = 0;
        if (!instruction(word)) continue;
        entropy.absorb(word);
        ++got;
    }
}

}  // namespace

void gather(ChaChaEntropy& entropy) {
    unsigned a = 0, b = 0, c = 0, d = 0;
    if (__get_cpuid(1, &a, &b, &c, &d) != 0 && (c & has_rdrand) != 0) absorb_from(entropy, rdrand);
    if (__get_cpuid_count(7, 0, &a, &b, &c, &d) != 0 && (b & has_rdseed) != 0) {
        absorb_from(entropy, rdseed);
    }
    entropy.absorb(wall_clock());
    // How long a walk over memory and a call into the hypervisor take differs each time.
    std::vector<std::uint8_t> memory(64 * 1024);
    std::size_t place = 0;
    for (int i = 0; i < jitter_rounds; ++i) {
        const std::uint64_t before = __builtin_ia32_rdtsc();
        for (int step = 0; step < 16; ++step) {
            place = (place * 1103515245 + 12345 + memory[place]) % memory.size();
            memory[place] = static_cast<std::uint8_t>(memory[place] + before);
        }
        if (i % 64 == 0) hypercall(__HYPERVISOR_xen_version, XENVER_version);
        entropy.absorb(__builtin_ia32_rdtsc() - before + (before << 20));
    }
}

}  // namespace stemma::xen
