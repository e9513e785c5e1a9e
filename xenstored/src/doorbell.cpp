#include "xenstored/doorbell.hpp"

#include <linux/aio_abi.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace stemma::xenstored {

std::expected<Doorbell, std::string> Doorbell::make() {
    Doorbell bell;
    bell.nothing_ = Descriptor(::memfd_create("doorbell", MFD_CLOEXEC));
    if (!bell.nothing_) {
        return std::unexpected(std::string("memfd_create: ") + std::strerror(errno));
    }
    aio_context_t context = 0;
    if (::syscall(SYS_io_setup, done_max, &context) != 0) {
        return std::unexpected(std::string("io_setup: ") + std::strerror(errno));
    }
    bell.context_ = context;
    return bell;
}

Doorbell::Doorbell(Doorbell&& other) noexcept
    : context_(std::exchange(other.context_, 0)),
      nothing_(std::move(other.nothing_)),
      done_(other.done_) {}

Doorbell& Doorbell::operator=(Doorbell&& other) noexcept {
    std::swap(context_, other.context_);
    std::swap(nothing_, other.nothing_);
    std::swap(done_, other.done_);
    return *this;
}

Doorbell::~Doorbell() {
    if (context_ != 0) ::syscall(SYS_io_destroy, context_);
}

bool Doorbell::ring(int eventfd) {
    if (done_ == done_max) {
        // All are done: reading nothing from a memfd ends within the call that asks for it.
        std::array<io_event, done_max> events;
        ::syscall(SYS_io_getevents, context_, 0, done_max, events.data(), nullptr);
        done_ = 0;
    }
    iocb request{};
    request.aio_lio_opcode = IOCB_CMD_PREAD;
    request.aio_fildes = static_cast<std::uint32_t>(nothing_.get());
    request.aio_flags = IOCB_FLAG_RESFD;
    request.aio_resfd = static_cast<std::uint32_t>(eventfd);
    std::array<iocb*, 1> requests{&request};
    if (::syscall(SYS_io_submit, context_, 1, requests.data()) != 1) return false;
    ++done_;
    return true;
}

}  // namespace stemma::xenstored
