#include "unix/state_file.hpp"

#include <sys/mman.h>
#include <sys/stat.h>

#include <algorithm>
#include <utility>

namespace stemma::hosted {

std::expected<StateFile, EdgeError> StateFile::open(int descriptor) {
    const std::string what = "saved state in descriptor " + std::to_string(descriptor);
    struct stat status;
    if (fstat(descriptor, &status) != 0) {
        return std::unexpected(EdgeError::from_errno("looking at the " + what));
    }
    StateFile file;
    const auto size = std::min(static_cast<std::size_t>(status.st_size), bytes_max);
    if (size == 0) return file;
    void* const memory = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, descriptor, 0);
    if (memory == MAP_FAILED) return std::unexpected(EdgeError::from_errno("mapping the " + what));
    file.bytes_ = {static_cast<std::uint8_t*>(memory), size};
    return file;
}

StateFile::StateFile(StateFile&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}

StateFile& StateFile::operator=(StateFile&& other) noexcept {
    std::swap(bytes_, other.bytes_);
    return *this;
}

StateFile::~StateFile() {
    if (!bytes_.empty()) munmap(bytes_.data(), bytes_.size());
}

}  // namespace stemma::hosted
