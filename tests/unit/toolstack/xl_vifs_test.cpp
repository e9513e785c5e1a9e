#include <catch2/catch.hpp>

#include <fstream>

#include "temporary_directory.hpp"
#include "toolstack/xl_guest.hpp"

namespace stemma::toolstack {

namespace {

// A guest with these interfaces on the bridges xenbr0 and xenbr1.
std::expected<XlGuest, std::vector<FileFault>> read(const std::string& vifs) {
    const TemporaryDirectory directory;
    std::ofstream(directory / "kernel") << "x";
    return read_xl_guest("vif = [" + vifs + "]\nname = 'g'\nkernel = 'kernel'\n", "f",
                         {directory.path(), directory.path(), {"xenbr0", "xenbr1"}});
}

std::string fault(const std::string& vifs) {
    const auto found = read(vifs);
    return found ? "none" : to_string(found.error().front());
}

}  // namespace

TEST_CASE("an interface has its bridge and its address, and what xl's default is anyway") {
    const auto found = read(
        "'bridge=xenbr0,mac=00:16:3E:00:00:01', ' type=vif,, script=vif-bridge, bridge=xenbr1,"
        "backend=Domain-0,devid=1,model=e1000,trusted'");
    REQUIRE(found);
    const auto& interfaces = found->guest.interfaces;
    REQUIRE(interfaces.size() == 2);
    CHECK(interfaces[0] == Interface{.bridge = "xenbr0", .mac = *parse_mac("00:16:3e:00:00:01")});
    CHECK(interfaces[1] == Interface{.bridge = "xenbr1"});
    CHECK(read("")->guest.interfaces.empty());
    CHECK(read("'bridge=xenbr0,script=/etc/xen/scripts/vif-bridge,backend=0'"));
}

TEST_CASE("what is wrong with an interface is told with its place and key") {
    const std::pair<const char*, const char*> cases[] = {
        {"''",
         "f:1: vif[0].bridge: the name of a bridge is expected: the key is missing, and none"},
        {"'bridge=xenbr0', 'mac=00:16:3e:00:00:01'", "f:1: vif[1].bridge: the name of a bridge is"},
        {"'bridge=xenbr7'",
         "f:1: vif[0].bridge: a bridge that there is is expected, not \"xenbr7\"; there are: "
         "xenbr0, xenbr1"},
        {"'bridge=xenbr0,mac=x'", "f:1: vif[0].mac: an address of one station"},
        {"'bridge=xenbr0,mac=01:00:5e:00:00:01'", "f:1: vif[0].mac: an address of one station"},
        {"'bridge=xenbr0,type=ioemu'", "f:1: vif[0].type: \"vif\" is expected"},
        {"'bridge=xenbr0,script=vif-route'", "f:1: vif[0].script: \"vif-bridge\" is expected"},
        {"'bridge=xenbr0,backend=net'", "f:1: vif[0].backend: \"Domain-0\" is expected"},
        {"'bridge=xenbr0,devid=3'", "f:1: vif[0].devid: its place in the list, 0, is expected"},
        {"'bridge=xenbr0,ip=10.0.0.1'", "f:1: vif[0].ip: not supported: xl makes it a packet"},
        {"'bridge=xenbr0,vifname=web'", "f:1: vif[0].vifname: not supported"},
        {"'bridge=xenbr0,rate=1Mb/s'", "f:1: vif[0].rate: not supported"},
        {"'bridge=xenbr0,mtu=9000'", "f:1: vif[0].mtu: not supported"},
        {"'bridge=xenbr0,untrusted'", "f:1: vif[0].untrusted: not supported"},
        {"'bridge=xenbr0,fast'", "f:1: vif[0].fast: KEY=VALUE is expected"},
        {"'brigde=xenbr0,bridge=xenbr0'",
         "f:1: vif[0].brigde: unknown key; did you mean `bridge`?"},
        {"'bridge=xenbr0,mac=00:16:3e:00:00:01', 'bridge=xenbr0,mac=00:16:3e:00:00:01'",
         "f:1: vif[1].mac: an address of its own is expected"},
    };
    for (const auto& [vifs, expected] : cases) {
        INFO(vifs);
        CHECK(fault(vifs).substr(0, std::string_view(expected).size()) == expected);
    }
    std::string nine;
    for (int i = 0; i < 9; ++i)
        nine += "'bridge=xenbr0',";
    CHECK(fault(nine) == "f:1: vif: at most 8 interfaces are expected");
}

}  // namespace stemma::toolstack
