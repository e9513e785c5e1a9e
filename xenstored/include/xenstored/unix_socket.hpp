#pragma once

#include <expected>
#include <string>

#include "xenstored/descriptor.hpp"

namespace stemma::xenstored {

// A non-blocking listening socket of `type` (SOCK_STREAM, SOCK_SEQPACKET) at `path`, mode 0600; a
// stale socket there is replaced. The error names the path and the call that failed.
std::expected<Descriptor, std::string> listen_unix(const std::string& path, int type);

}  // namespace stemma::xenstored
