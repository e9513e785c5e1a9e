#include <catch2/catch.hpp>
#include <ctime>
#include <string>
#include <utility>
#include <vector>

#include "guest_rig.hpp"
#include "rt/saved_state.hpp"
#include "unix/sandbox.hpp"

using namespace stemma;
using guest_rig::GuestProcess;

namespace {

constexpr std::size_t limit = 32u << 20;

// Runs a guest program under the limit until it serves; its address space at most, in bytes.
std::size_t peak_when_ready(const GuestProcess::Options& options, std::size_t port_count,
                            const std::vector<std::pair<std::string, std::string>>& nodes = {}) {
    REQUIRE(guest_rig::enter_network());
    const auto ports = guest_rig::make_ports(port_count);
    std::size_t peak = 0;
    {
        GuestProcess guest(options, ports);
        for (const auto& [path, value] : nodes)
            guest.store().set(path, value);
        const bool ready = guest.wait_until_ready();
        INFO(guest.console());
        REQUIRE(ready);
        peak = guest.status_number("VmPeak") * 1024;
    }
    guest_rig::remove_ports(ports);
    return peak;
}

// What a NAT with `count` UDP mappings leaves behind (guests/nat/leaf.hpp).
std::vector<std::uint8_t> state_with_mappings(std::size_t count) {
    std::vector<std::uint8_t> state;
    const auto expiry = std::to_string(std::time(nullptr) + 250);
    for (std::size_t i = 0; i < count; ++i) {
        const auto port = std::to_string(1024 + i);
        const auto directory = std::to_string((1024 + i) / 200);
        REQUIRE(
            rt::append_saved_entry(state, {"nat/udp/10/0/1/2/" + directory + "/" + port,
                                           "10.0.0.1:" + port + " active 10.0.0.53:53 " + expiry}));
    }
    return state;
}

}  // namespace

TEST_CASE("a NAT with a table for 64 k flows starts under 32 MB, with 64,000 flows to restore") {
    if (!hosted::is_confining()) return;
    const GuestProcess::Options options{NAT_GUEST,
                                        "outside=vif0,10.0.0.1/24 inside=vif1,10.0.1.1/24", limit,
                                        state_with_mappings(64'000)};
    CHECK(options.state.size() > 4'000'000);
    CHECK(peak_when_ready(options, 2) <= limit);
}

TEST_CASE("a DNS guest with a zone of 10,000 names starts under 32 MB") {
    if (!hosted::is_confining()) return;
    const std::string zone = "/stemma/zones/example_2eorg";
    std::vector<std::string> chunks{"$TTL 300\n@ SOA ns root 1 3600 600 86400 60\n@ NS ns\n"};
    for (int i = 0; i < 10'000; ++i) {
        if (chunks.back().size() > 1900) chunks.emplace_back();
        chunks.back() += "host" + std::to_string(i) + " A 10.1." + std::to_string(i / 250) + "." +
                         std::to_string(i % 250) + "\n";
    }
    std::vector<std::pair<std::string, std::string>> nodes{
        {zone + "/origin", "example.org."}, {zone + "/count", std::to_string(chunks.size())}};
    for (std::size_t i = 0; i < chunks.size(); ++i) {
        const auto number = std::to_string(10'000 + i).substr(1);
        nodes.emplace_back(zone + "/chunks/" + number, chunks[i]);
    }
    nodes.emplace_back(zone + "/serial", "1");
    const GuestProcess::Options options{
        DNS_GUEST, "address=vif0,10.0.0.53/24 zone=" + zone, limit, {}};
    CHECK(peak_when_ready(options, 1, nodes) <= limit);
}
