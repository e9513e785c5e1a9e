#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "nat/filtering.hpp"
#include "net/ipv4_address.hpp"
#include "net/text.hpp"
#include "rt/time.hpp"

namespace stemma::nat {

// The NAT guest's command line:
//
//   outside=vif0,10.0.0.1/24   the address that everybody inside shares
//   inside=vif1,10.0.1.1/24
//   gateway=10.0.0.254         on the outside network; without it only its link is reached
//   filtering=address-dependent   or endpoint-independent, address-and-port-dependent
//   host-limit=49152           mappings of one inside address
//   mirror=on                  or off: the table alone
//   mirror-age=10              milliseconds; younger mappings are not written
struct Options {
    net::VifAddress outside;
    net::VifAddress inside;
    std::optional<net::Ipv4Address> gateway;
    Filtering filtering = Filtering::address_dependent;
    std::uint32_t host_limit = 49152;
    bool mirror = true;
    rt::Duration mirror_age = rt::Duration::milliseconds(10);
};

// `ports`: how many the guest has. The error is a sentence for the console that names the word.
std::expected<Options, std::string> parse_options(std::string_view arguments, std::size_t ports);

}  // namespace stemma::nat
