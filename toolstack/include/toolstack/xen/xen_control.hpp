#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "toolstack/error.hpp"
#include "toolstack/platform.hpp"
#include "toolstack/uuid.hpp"

namespace stemma::toolstack {

// One domain as the hypervisor knows it.
struct XenDomain {
    DomainId id = 0;
    Uuid uuid{};
    bool hardware = false;  // PVH or HVM
    bool dying = false;     // destroyed, its last pages still held by others
    bool paused = false;
    std::optional<unsigned> shutdown = {};  // SHUTDOWN_poweroff, ... (xen/include/public/sched.h)
    std::uint64_t memory_kb = 0;
    std::uint64_t cpu_nanoseconds = 0;
};

// What goes into a domain before it starts.
struct XenImage {
    std::string kernel;   // a path
    std::string ramdisk;  // a path, or empty: the first module, where there is one
    std::string command_line;
    std::span<const char> module = {};  // another, in memory
    // Unpredictable bytes, as the last module, with the command line "seed"; none where empty.
    std::span<const unsigned char> seed = {};
    std::uint32_t memory = 0;  // MB
    std::uint32_t vcpus = 1;   // as the domain was made
    bool hardware = true;      // as the domain was made
};

// The hypervisor's control interface, and libxenguest, which puts images into domains. The files
// that include their headers are this one's and the domain builder's.
class XenControl {
  public:
    // Fails outside dom0 and without /dev/xen/privcmd.
    static Result<std::unique_ptr<XenControl>> open();
    ~XenControl();
    XenControl(const XenControl&) = delete;
    XenControl& operator=(const XenControl&) = delete;

    Result<std::vector<XenDomain>> domains();
    // Nothing where there is none of that number.
    Result<std::optional<XenDomain>> domain(DomainId id);
    Result<std::uint64_t> free_memory_kb();
    // What Xen takes for a domain of that memory: it, its page tables, and some more.
    static std::uint64_t needed_kb(std::uint32_t memory_mb, std::uint32_t vcpus);

    // With no memory yet, paused; the number is Xen's choice. Destroyed again where a later step of
    // it fails.
    Result<DomainId> create(const Uuid& uuid, std::uint32_t memory_mb, std::uint32_t vcpus,
                            bool hardware);
    // The two channels that every domain is given before its image is built.
    Result<NewDomain> make_channels(DomainId id);
    // As libxl does for PV and PVH guests.
    Result<RingFrames> build(const NewDomain& domain, const XenImage& image);
    Result<void> unpause(DomainId id);
    Result<void> pause(DomainId id);
    // Ends it at once and gives its memory back.
    Result<void> destroy(DomainId id);

  private:
    struct Handles;
    explicit XenControl(std::unique_ptr<Handles> handles);
    // With what the library said while it failed.
    std::unexpected<Error> refused(std::string tried, std::string on, int error_number);

    std::unique_ptr<Handles> handles_;
};

}  // namespace stemma::toolstack
