#include "nat/leaf.hpp"

#include <catch2/catch.hpp>
#include <map>
#include <set>

#include "packets.hpp"

namespace stemma::nat {

using test::endpoint;

namespace {

constexpr net::Ipv4Address outside{0x0a000001};

std::string path_of(const InsideEndpoint& inside) {
    std::string path;
    write_path(path, inside);
    return path;
}

// Names of each directory on the way to these leaves.
class Directories {
  public:
    void add(std::string_view path) {
        for (auto slash = path.find('/'); slash != std::string_view::npos;
             slash = path.find('/', slash + 1)) {
            const auto rest = path.substr(slash + 1);
            names_[std::string(path.substr(0, slash))].insert(
                std::string(rest.substr(0, rest.find('/'))));
        }
    }
    std::size_t largest() const {
        std::size_t most = 0;
        for (const auto& [_, names] : names_) {
            std::size_t size = 0;
            for (const auto& name : names)
                size += name.size() + 1;
            most = std::max(most, size);
        }
        return most;
    }

  private:
    std::map<std::string, std::set<std::string>> names_;
};

}  // namespace

TEST_CASE("A mapping's leaf reads as a person would write it") {
    CHECK(path_of({endpoint("10.0.1.2").address, 40000, Protocol::tcp}) ==
          "tcp/10/0/1/2/200/40000");
    CHECK(path_of({endpoint("10.0.1.2").address, 7, Protocol::icmp}) == "icmp/10/0/1/2/0/7");
    struct Case {
        Leaf leaf;
        Protocol protocol;
        const char* value;
    };
    const Case cases[] = {
        {{endpoint("10.0.0.53:80"), 1700000300, 40000, LeafState::established},
         Protocol::tcp,
         "10.0.0.1:40000 established 10.0.0.53:80 1700000300"},
        {{endpoint("10.0.0.53"), 1700000300, 53, LeafState::active},
         Protocol::udp,
         "10.0.0.1:53 active 10.0.0.53 1700000300"},
        {{{}, 1, 53, LeafState::active}, Protocol::icmp, "10.0.0.1:53 active 1"},
        {{{}, 0, 8080, LeafState::made_static}, Protocol::tcp, "10.0.0.1:8080 static 0"},
    };
    for (const auto& c : cases) {
        std::string value;
        write_value(value, outside, c.leaf);
        CHECK(value == c.value);
        CHECK(parse_value(value, c.protocol, outside) == c.leaf);
    }
}

TEST_CASE("Every leaf that is written is read back the same") {
    test::Random random(4);
    for (int i = 0; i < 20'000; ++i) {
        const auto protocol = static_cast<Protocol>(random() % 3);
        const InsideEndpoint inside{{static_cast<std::uint32_t>(random())},
                                    static_cast<std::uint16_t>(1 + random() % 65535),
                                    protocol};
        REQUIRE(parse_path(path_of(inside)) == inside);
        Leaf leaf;
        leaf.expiry = static_cast<std::uint32_t>(random());
        leaf.outside_port = static_cast<std::uint16_t>(1 + random() % 65535);
        if (random() % 2 == 0)
            leaf.remote = {{1 + static_cast<std::uint32_t>(random() % 0xfffffff0)},
                           static_cast<std::uint16_t>(random() % 3)};
        leaf.state = protocol != Protocol::tcp ? LeafState::active
                                               : static_cast<LeafState>(1 + random() % 3);
        if (random() % 8 == 0) leaf.state = LeafState::made_static;
        std::string value;
        write_value(value, outside, leaf);
        REQUIRE(value.size() < 80);
        REQUIRE(parse_value(value, protocol, outside) == leaf);
    }
}

TEST_CASE("What nobody writes is refused") {
    for (const char* path :
         {"", "tcp", "tcp/10/0/1/2", "tcp/10/0/1/2/200", "tcp/10/0/1/2/200/",
          "tcp/10/0/1/2/199/40000", "tcp/10/0/1/2/200/040000", "tcp/10/0/1/256/200/40000",
          "tcp/10/0/1/2/200/40000/1", "tcp/10/0/1/2/328/65600", "sctp/10/0/1/2/200/40000",
          "tcp/10/0/1//200/40000", "udp/10/0/1/2/0/0", "/udp/10/0/1/2/0/1", "udp/10/0/1/2/0/x"}) {
        CAPTURE(path);
        CHECK_FALSE(parse_path(path));
    }
    for (const char* value :
         {"", "10.0.0.1:40000", "10.0.0.1:40000 established", "10.0.0.2:40000 established 1",
          "10.0.0.1:0 established 1", "10.0.0.1:40000 active 1", "10.0.0.1:40000 Established 1",
          "10.0.0.1:40000  established 1", "10.0.0.1:40000 established 1 ",
          " 10.0.0.1:40000 established 1", "10.0.0.1:40000 established 0.0.0.0:1 1",
          "10.0.0.1:40000 established 10.0.0.53:0 1", "10.0.0.1:40000 established 10.0.0.53:80",
          "10.0.0.1:40000 established 10.0.0.53:80 4294967296",
          "10.0.0.1:40000 established 10.0.0.53:80 -1",
          "10.0.0.1:40000 established 10.0.0.53:80 1 2", "10.0.0.1:4000a established 1"}) {
        CAPTURE(value);
        CHECK_FALSE(parse_value(value, Protocol::tcp, outside));
    }
}

TEST_CASE("A directory's names stay under 1.5 KB: 64 k mappings of one host") {
    Directories directories;
    for (std::uint32_t port = 1; port < 65536; ++port)
        directories.add(path_of({{0x0a000102}, static_cast<std::uint16_t>(port), Protocol::udp}));
    CHECK(directories.largest() <= 1202);
}

TEST_CASE("A directory's names stay under 1.5 KB: 65 k hosts with a mapping each") {
    Directories directories;
    test::Random random(1);
    for (std::uint32_t host = 0; host < 65536; ++host) {
        const auto port = static_cast<std::uint16_t>(1 + random() % 65535);
        directories.add(path_of({{0xffff0000 + host}, port, Protocol::tcp}));
        directories.add(path_of({{static_cast<std::uint32_t>(random())}, port, Protocol::tcp}));
    }
    CHECK(directories.largest() <= 1202);
}

}  // namespace stemma::nat
