#pragma once

#include <cstddef>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "net/mac_address.hpp"
#include "unix/edge_error.hpp"
#include "xs_wire/path.hpp"

namespace stemma::hosted {

// One word --port=INDEX:DESCRIPTOR:MAC[:MTU].
struct PortOption {
    int socket = -1;
    net::MacAddress mac;
    std::size_t mtu = 1500;
};

// How the agent starts a guest process:
//
//   PROGRAM --domain=N --ring=FD --event-in=FD --event-out=FD --console=FD [--state=FD]
//           --port=INDEX:FD:MAC[:MTU] ... -- WORD ...
//
// The words after "--" are the guest's own command line. Each option stands once (--port once for
// each index), indexes run from 0 without gaps.
struct CommandLine {
    static constexpr std::size_t ports_max = 8;
    static constexpr std::size_t mtu_min = 576;  // RFC 791: every host takes this
    static constexpr std::size_t mtu_max = 9000;

    xs::DomainId domain = 0;
    int ring = -1;       // memfd of the XenStore page
    int event_in = -1;   // eventfd that wakes the guest
    int event_out = -1;  // eventfd that wakes xenstored
    int console = -1;
    std::optional<int> state;  // memfd with the saved state
    std::vector<PortOption> ports;
    std::string arguments;  // words, separated by one blank

    // `words`: argv without the program's name.
    static std::expected<CommandLine, EdgeError> parse(std::span<const char* const> words);
};

}  // namespace stemma::hosted
