#include "repository_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

namespace stemma::store {

std::expected<RepositoryLock, Error> RepositoryLock::take(const std::filesystem::path& repository) {
    const auto file = repository / "stemma.lock";
    const int fd = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) {
        return std::unexpected(Error{Error::Kind::disk, "open", file, std::strerror(errno)});
    }
    RepositoryLock lock(fd);
    if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
        char owner[32] = {};
        const ssize_t size = ::pread(fd, owner, sizeof owner - 1, 0);
        std::string why = "another process publishes into this repository";
        if (size > 1) why.append(": ").append(owner, static_cast<std::size_t>(size) - 1);
        return std::unexpected(Error{Error::Kind::busy, "lock", file, why});
    }
    // Only for people: that it could not be written hurts nobody.
    const std::string owner = "process " + std::to_string(::getpid()) + "\n";
    if (::ftruncate(fd, 0) == 0 && ::pwrite(fd, owner.data(), owner.size(), 0) < 0) errno = 0;
    return lock;
}

RepositoryLock::RepositoryLock(RepositoryLock&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)) {}

RepositoryLock& RepositoryLock::operator=(RepositoryLock&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
}

RepositoryLock::~RepositoryLock() {
    if (fd_ >= 0) ::close(fd_);
}

}  // namespace stemma::store
