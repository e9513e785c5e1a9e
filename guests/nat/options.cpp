#include "nat/options.hpp"

#include <array>

#include "rt/arguments.hpp"

namespace stemma::nat {

namespace {

constexpr std::array<std::string_view, 7> known = {"outside",    "inside", "gateway",   "filtering",
                                                   "host-limit", "mirror", "mirror-age"};

std::unexpected<std::string> bad(std::string_view key, std::string_view value,
                                 std::string_view why) {
    std::string message("argument ");
    message.append(key).append("=").append(value).append(": ").append(why);
    return std::unexpected(std::move(message));
}

std::expected<net::VifAddress, std::string> parse_link(const rt::Arguments& arguments,
                                                       std::string_view key, std::size_t ports) {
    const auto word = arguments.get(key);
    if (!word) return bad(key, "", "is needed, for example vif0,10.0.0.1/24");
    const auto link = net::parse_vif_address(*word);
    if (!link) return bad(key, *word, "is not of the form vif0,10.0.0.1/24");
    if (link->vif >= ports) return bad(key, *word, "there is no such vif");
    const auto& network = link->interface;
    const auto address = network.address;
    if (address.value >> 24 == 0 || address.is_loopback() || address.is_multicast() ||
        address.is_reserved())
        return bad(key, *word, "no host may have this address");
    if (network.prefix_length < 31 &&
        (address == network.broadcast() || address.value == (address.value & network.mask())))
        return bad(key, *word, "names the network, not a host on it");
    return *link;
}

}  // namespace

std::expected<Options, std::string> parse_options(std::string_view text, std::size_t ports) {
    const auto arguments = rt::Arguments::parse(text, known);
    if (!arguments) return std::unexpected(arguments.error());
    Options options;
    const auto outside = parse_link(*arguments, "outside", ports);
    if (!outside) return std::unexpected(outside.error());
    options.outside = *outside;
    const auto inside = parse_link(*arguments, "inside", ports);
    if (!inside) return std::unexpected(inside.error());
    options.inside = *inside;
    if (inside->vif == outside->vif)
        return bad("inside", *arguments->get("inside"), "is the vif of outside=");
    if (inside->interface.address == outside->interface.address)
        return bad("inside", *arguments->get("inside"), "is the address of outside=");

    if (const auto word = arguments->get("gateway")) {
        options.gateway = net::parse_ipv4(*word);
        if (!options.gateway) return bad("gateway", *word, "is not an IPv4 address");
        if (!outside->interface.contains(*options.gateway) ||
            *options.gateway == outside->interface.address)
            return bad("gateway", *word, "is not another host on the outside network");
    }
    if (const auto word = arguments->get("filtering")) {
        const auto filtering = parse_filtering(*word);
        if (!filtering)
            return bad("filtering", *word,
                       "is none of endpoint-independent, address-dependent, "
                       "address-and-port-dependent");
        options.filtering = *filtering;
    }
    if (const auto word = arguments->get("host-limit")) {
        const auto limit = net::parse_number(*word, 65536);
        if (!limit || *limit == 0) return bad("host-limit", *word, "is not between 1 and 65536");
        options.host_limit = static_cast<std::uint32_t>(*limit);
    }
    if (const auto word = arguments->get("mirror")) {
        if (*word != "on" && *word != "off") return bad("mirror", *word, "is neither on nor off");
        options.mirror = *word == "on";
    }
    if (const auto word = arguments->get("mirror-age")) {
        const auto age = net::parse_number(*word, 60'000);
        if (!age) return bad("mirror-age", *word, "is not a number of milliseconds up to 60000");
        options.mirror_age = rt::Duration::milliseconds(static_cast<std::int64_t>(*age));
    }
    return options;
}

}  // namespace stemma::nat
