#pragma once

namespace stemma::xen {

// Replaces the map that entry.S began with: one to one up to 4 GiB, text read-only and executable,
// constants read-only, all else writable and not executable. The first page and the page below the
// stack are not mapped.
void protect_memory();

}  // namespace stemma::xen
