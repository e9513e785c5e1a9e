// A file descriptor that closes itself, and the error that errno is.
#pragma once

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <expected>
#include <filesystem>

#include "store/error.hpp"

namespace stemma::store {

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

inline std::unexpected<Error> failed(const char* tried, const std::filesystem::path& on) {
    const int why = errno;
    return std::unexpected(Error{why == ENOENT ? Error::Kind::not_found : Error::Kind::disk, tried,
                                 on.string(), std::strerror(why)});
}

}  // namespace stemma::store
