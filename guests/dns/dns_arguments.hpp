#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "net/ipv4_address.hpp"
#include "net/text.hpp"

namespace stemma::dns {

// The guest's command line: address=vif0,10.0.0.53/24 [gateway=10.0.0.1] zone=/stemma/zones/ZONE
struct DnsArguments {
    net::VifAddress address;
    std::optional<net::Ipv4Address> gateway;
    std::string_view zone;  // its directory in the store

    // The error is a sentence for the console. `zone` points into `text`.
    static std::expected<DnsArguments, std::string> parse(std::string_view text);
};

}  // namespace stemma::dns
