#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "unix/store_link.hpp"

// A server that writes anything anywhere in the shared page, between the guest's turns: the guest
// must neither read nor write outside its page, and each request is answered or told lost once.
namespace {
struct Shared {
    int memory = memfd_create("ring", MFD_CLOEXEC);
    int event = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    std::byte* page = nullptr;
    Shared() {
        if (ftruncate(memory, 4096) != 0) std::abort();
        page = static_cast<std::byte*>(
            mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0));
    }
};
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace stemma;
    static Shared shared;
    std::memset(shared.page, 0, 4096);
    auto link = hosted::StoreLink::open(shared.memory, shared.event, shared.event);
    if (!link) std::abort();
    std::size_t taken = 0;
    std::size_t answered = 0;
    while (size >= 4) {
        const std::size_t offset = (data[0] + std::size_t{data[1]} * 256) % 4096;
        const std::size_t count = std::min<std::size_t>({data[2], size - 4, 4096 - offset});
        const bool asks = (data[3] & 1) != 0;
        data += 4;
        size -= 4;
        std::memcpy(shared.page + offset, data, count);
        data += count;
        size -= count;
        if (asks) taken += link->store().read("data/x", [&](rt::StoreResult) { ++answered; });
        link->pump();
    }
    link->store().connection_lost();
    if (answered != taken) std::abort();
    return 0;
}
