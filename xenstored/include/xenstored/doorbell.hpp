#pragma once

#include <cstdint>
#include <expected>
#include <string>

#include "xenstored/descriptor.hpp"

namespace stemma::xenstored {

// Rings eventfds without ever waiting, whatever their other holders do to them.
//
// write(2) would not do: whether it waits is a flag of the open file, which a domain shares with us
// and may clear at any instant, and a counter that it filled makes the write wait for ever. The
// kernel's own eventfd_signal() never waits (a full counter stays full), and the one call that
// leads there from user space is a Linux AIO request that names the eventfd as the one to signal
// when it is done (IOCB_FLAG_RESFD). The request reads nothing from a file of ours.
class Doorbell {
  public:
    // The error names the call: a kernel without AIO, or fs.aio-max-nr used up.
    static std::expected<Doorbell, std::string> make();

    Doorbell(Doorbell&& other) noexcept;
    Doorbell& operator=(Doorbell&& other) noexcept;
    ~Doorbell();

    // Adds 1 to the counter. False if `eventfd` is no eventfd.
    bool ring(int eventfd);

  private:
    // Requests that are done but not yet taken back; the kernel keeps that many at least.
    static constexpr int done_max = 32;

    Doorbell() = default;

    std::uint64_t context_ = 0;  // aio_context_t
    Descriptor nothing_;
    int done_ = 0;
};

}  // namespace stemma::xenstored
