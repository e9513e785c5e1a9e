#include "toolstack/image_path.hpp"

#include <cstdlib>
#include <filesystem>

namespace stemma::toolstack {

std::string guest_directory() {
    const char* given = std::getenv("STEMMA_GUESTS");
    if (given != nullptr && *given != '\0') return given;
    std::error_code error;
    const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
    return (self.parent_path().parent_path() / "guests").string();
}

}  // namespace stemma::toolstack
