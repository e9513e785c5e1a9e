#include "unix/system_entropy.hpp"

#include <sys/random.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace stemma::hosted {

std::expected<SystemEntropy, EdgeError> SystemEntropy::open() {
    SystemEntropy entropy;
    if (!entropy.refill()) return std::unexpected(EdgeError::from_errno("taking random bytes"));
    return entropy;
}

bool SystemEntropy::refill() {
    // up to 256 bytes come whole and are never interrupted (getrandom(2))
    used_ = 0;
    return getrandom(pool_.data(), pool_.size(), 0) == static_cast<ssize_t>(pool_.size());
}

void SystemEntropy::fill(std::span<std::uint8_t> bytes) {
    while (!bytes.empty()) {
        if (used_ == pool_.size() && !refill()) std::abort();  // guessable keys would be worse
        const std::size_t count = std::min(bytes.size(), pool_.size() - used_);
        std::memcpy(bytes.data(), pool_.data() + used_, count);
        std::memset(pool_.data() + used_, 0, count);  // what was handed out is nobody else's
        used_ += count;
        bytes = bytes.subspan(count);
    }
}

}  // namespace stemma::hosted
