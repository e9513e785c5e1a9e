#include "toolstack/image_path.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

namespace stemma::toolstack {

std::string guest_directory() {
    const char* given = std::getenv("STEMMA_GUESTS");
    if (given != nullptr && *given != '\0') return given;
    std::error_code error;
    const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
    return (self.parent_path().parent_path() / "guests").string();
}

Result<void> check_image_file(const std::string& image, const std::string& file) {
    if (::access(file.c_str(), R_OK) == 0) return {};
    return failure(
        ErrorKind::not_found, "find", "the image " + image, file + ": " + std::strerror(errno),
        "`stemma build " + image +
            "` makes it where Stemma's sources are; STEMMA_GUESTS says where else it is");
}

}  // namespace stemma::toolstack
