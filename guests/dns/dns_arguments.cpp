#include "dns/dns_arguments.hpp"

#include <array>

#include "rt/arguments.hpp"
#include "xs_wire/path.hpp"

namespace stemma::dns {

namespace {

std::unexpected<std::string> wrong(std::string_view key, std::string_view value,
                                   std::string_view why) {
    return std::unexpected(std::string("argument \"")
                               .append(key)
                               .append("=")
                               .append(value)
                               .append("\": ")
                               .append(why));
}

}  // namespace

std::expected<DnsArguments, std::string> DnsArguments::parse(std::string_view text) {
    constexpr std::array<std::string_view, 3> known{"address", "gateway", "zone"};
    const auto words = rt::Arguments::parse(text, known);
    if (!words) return std::unexpected(words.error());

    DnsArguments arguments;
    const auto address = words->get("address");
    if (!address) return std::unexpected("argument \"address=vifN,ADDRESS/PREFIX\" is missing");
    const auto vif_address = net::parse_vif_address(*address);
    if (!vif_address) return wrong("address", *address, "not of the form vif0,10.0.0.53/24");
    arguments.address = *vif_address;

    if (const auto gateway = words->get("gateway")) {
        arguments.gateway = net::parse_ipv4(*gateway);
        if (!arguments.gateway) return wrong("gateway", *gateway, "not an IPv4 address");
        if (!vif_address->interface.contains(*arguments.gateway))
            return wrong("gateway", *gateway, "not on the interface's network");
    }

    const auto zone = words->get("zone");
    if (!zone) return std::unexpected("argument \"zone=/stemma/zones/ZONE\" is missing");
    // room for "/chunks/NNNN" behind it
    if (!xs::is_absolute_path(*zone) || zone->size() > 1024)
        return wrong("zone", *zone, "not an absolute store path");
    arguments.zone = *zone;
    return arguments;
}

}  // namespace stemma::dns
