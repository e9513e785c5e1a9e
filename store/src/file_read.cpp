#include "file_read.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "descriptor.hpp"

namespace stemma::store {

std::vector<std::filesystem::path> files_in(const std::filesystem::path& directory) {
    std::vector<std::filesystem::path> files;
    std::error_code error;
    // Not a range-for: its increment throws.
    for (std::filesystem::directory_iterator file(directory, error), end; !error && file != end;
         file.increment(error)) {
        files.push_back(file->path());
    }
    std::ranges::sort(files);
    return files;
}

std::expected<std::string, Error> read_file(const std::filesystem::path& file) {
    const Descriptor fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
    if (fd.get() < 0) return failed("open", file);
    std::string bytes;
    char buffer[65536];
    while (true) {
        const ssize_t size = ::read(fd.get(), buffer, sizeof buffer);
        if (size < 0 && errno == EINTR) continue;
        if (size < 0) return failed("read", file);
        if (size == 0) return bytes;
        bytes.append(buffer, static_cast<std::size_t>(size));
    }
}

}  // namespace stemma::store
