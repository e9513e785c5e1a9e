// Says that this process alone publishes into a repository. Reading needs no lock.
#pragma once

#include <expected>
#include <filesystem>

#include "store/error.hpp"

namespace stemma::store {

class RepositoryLock {
  public:
    // Locks the file `stemma.lock` in the repository and writes our process id into it for people
    // to read. Busy if another holds it; the lock goes with the process that has it, however it
    // ends.
    static std::expected<RepositoryLock, Error> take(const std::filesystem::path& repository);

    RepositoryLock(RepositoryLock&& other) noexcept;
    RepositoryLock& operator=(RepositoryLock&& other) noexcept;
    ~RepositoryLock();

  private:
    explicit RepositoryLock(int fd) : fd_(fd) {}
    int fd_ = -1;
};

}  // namespace stemma::store
