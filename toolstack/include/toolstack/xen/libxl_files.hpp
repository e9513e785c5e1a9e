#pragma once

#include <string>
#include <string_view>

#include "toolstack/descriptor.hpp"
#include "toolstack/error.hpp"
#include "xs_wire/path.hpp"

// The files outside XenStore by which libxl and xl know of domains, so that they manage ours and we
// theirs (tools/libs/light and tools/xl of Xen 4.17).
namespace stemma::toolstack {

// xl's lock of "memory is being handed out", held while the descriptor is open. Waits up to a
// minute for an xl that is at it.
Result<Descriptor> lock_xl_memory();

// /run/xen/domid-history: numbers of domains that ended in the last minute, which no new one gets,
// so that what still names the old one cannot mean the new.
bool is_recent_domain_id(xs::DomainId domain);
Result<void> mark_recent_domain_id(xs::DomainId domain);

// What libxl keeps of a domain's configuration; without it xl network-attach refuses.
struct LibxlDomain {
    std::string name;
    std::string uuid;
    bool paravirtual = false;
    std::uint32_t memory = 0;  // MB
    std::string kernel;
    std::string command_line;
};
Result<void> write_libxl_configuration(xs::DomainId domain, const LibxlDomain& configuration);
// All that was kept of the domain.
void remove_libxl_files(xs::DomainId domain, std::string_view uuid);

}  // namespace stemma::toolstack
