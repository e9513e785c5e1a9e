#pragma once

#include <string>
#include <string_view>

#include "toolstack/descriptor.hpp"
#include "toolstack/error.hpp"
#include "xs_wire/path.hpp"

// The files outside XenStore by which libxl and xl know of domains, so that they manage ours and we
// theirs (tools/libs/light and tools/xl of Xen 4.17).
namespace stemma::toolstack {

// Where they are; another place is for tests.
struct LibxlPlaces {
    std::string run = "/run/xen";
    std::string library = "/var/lib/xen";
};

// xl's lock of "memory is being handed out", held while the descriptor is open. Waits up to a
// minute for an xl that is at it.
Result<Descriptor> lock_xl_memory();

// RUN/domid-history: numbers of domains that ended in the last minute, which no new one gets,
// so that what still names the old one cannot mean the new.
bool is_recent_domain_id(xs::DomainId domain, const LibxlPlaces& places = {});
Result<void> mark_recent_domain_id(xs::DomainId domain, const LibxlPlaces& places = {});

// What libxl keeps of a domain's configuration; without it xl network-attach refuses.
struct LibxlDomain {
    std::string name;
    std::string uuid;
    bool paravirtual = false;
    std::uint32_t memory = 0;  // MB
    std::uint32_t vcpus = 1;
    std::string kernel;
    std::string command_line;
};
Result<void> write_libxl_configuration(xs::DomainId domain, const LibxlDomain& configuration,
                                       const LibxlPlaces& places = {});
// All that was kept of the domain.
void remove_libxl_files(xs::DomainId domain, std::string_view uuid, const LibxlPlaces& places = {});

}  // namespace stemma::toolstack
