#include "file_write.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>

namespace stemma::store {
namespace {

std::unexpected<Error> failed(const char* tried, const std::filesystem::path& on) {
    const int why = errno;
    return std::unexpected(Error{why == ENOENT ? Error::Kind::not_found : Error::Kind::disk, tried,
                                 on.string(), std::strerror(why)});
}

class Descriptor {
  public:
    explicit Descriptor(int fd) : fd_(fd) {}
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    ~Descriptor() {
        if (fd_ >= 0) ::close(fd_);
    }
    int get() const { return fd_; }

  private:
    int fd_;
};

bool write_all(int fd, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t written = ::write(fd, bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
}

}  // namespace

std::expected<void, Error> write_synced(const std::filesystem::path& file, std::string_view bytes) {
    const Descriptor fd(::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0444));
    if (fd.get() < 0) return failed("create", file);
    if (write_all(fd.get(), bytes) && ::fsync(fd.get()) == 0) return {};
    auto error = failed("write", file);
    ::unlink(file.c_str());
    return error;
}

std::expected<void, Error> rename_file(const std::filesystem::path& from,
                                       const std::filesystem::path& to) {
    if (::rename(from.c_str(), to.c_str()) != 0) return failed("rename to", to);
    return {};
}

std::expected<void, Error> sync_directory(const std::filesystem::path& directory) {
    const Descriptor fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (fd.get() < 0) return failed("open", directory);
    if (::fsync(fd.get()) != 0) return failed("sync", directory);
    return {};
}

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
