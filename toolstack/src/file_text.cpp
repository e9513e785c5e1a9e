#include "toolstack/file_text.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "toolstack/descriptor.hpp"

namespace stemma::toolstack {

std::expected<std::string, std::string> read_file_text(const std::string& path, std::size_t limit) {
    // O_NONBLOCK: a FIFO put in the file's place must not make the reader wait for a writer.
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!file) return std::unexpected(std::strerror(errno));
    struct stat status {};
    if (::fstat(file.get(), &status) != 0) return std::unexpected(std::strerror(errno));
    if (!S_ISREG(status.st_mode)) return std::unexpected("not a regular file");
    std::string text;
    std::array<char, 65536> chunk;
    for (;;) {
        const auto count = ::read(file.get(), chunk.data(), chunk.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return std::unexpected(std::strerror(errno));
        if (count == 0) return text;
        text.append(chunk.data(), static_cast<std::size_t>(count));
        if (text.size() > limit) {
            return std::unexpected("longer than " + std::to_string(limit) + " bytes");
        }
    }
}

}  // namespace stemma::toolstack
