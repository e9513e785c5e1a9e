#include "xs_wire/name_codec.hpp"

#include <catch2/catch.hpp>
#include <random>

#include "xs_wire/path.hpp"

using namespace stemma::xs;

TEST_CASE("an IPv4 address is four decimal numbers joined by hyphens") {
    CHECK(encode_ipv4(0x0a000002) == "10-0-0-2");
    CHECK(encode_ipv4(0xffffffff) == "255-255-255-255");
    CHECK(decode_ipv4("10-0-0-2") == 0x0a000002u);
    for (const auto* text :
         {"", "10", "10-0-0", "10-0-0-2-", "10-0-0-256", "10-0-0-02", "10-0--2", "-10-0-0-2",
          "10.0.0.2", "10-0-0-2 ", "+1-0-0-2", "4294967306-0-0-1"}) {
        CAPTURE(text);
        CHECK_FALSE(decode_ipv4(text));
    }
}

TEST_CASE("an IPv6 address is eight groups without compression") {
    const std::array<std::uint8_t, 16> address{0xfe, 0x80, 0, 0, 0, 0, 0, 0,
                                               0,    0,    0, 0, 0, 0, 0, 1};
    CHECK(encode_ipv6(address) == "fe80-0-0-0-0-0-0-1");
    CHECK(decode_ipv6("fe80-0-0-0-0-0-0-1") == address);
    for (const auto* text :
         {"", "fe80", "fe80-0-0-0-0-0-0", "fe80-0-0-0-0-0-0-1-2", "FE80-0-0-0-0-0-0-1",
          "fe80-0-0-0-0-0-0-10000", "fe80-0-0-0-0-0-0-01"}) {
        CAPTURE(text);
        CHECK_FALSE(decode_ipv6(text));
    }
}

TEST_CASE("a DNS name is a path of labels, root first, in lower case") {
    CHECK(encode_dns_name("www.Example.ORG") == "org/example/www");
    CHECK(encode_dns_name("www.example.org.") == "org/example/www");
    CHECK(encode_dns_name("_sip._udp.a b") == "a_20b/_5fudp/_5fsip");
    CHECK(encode_dns_name(".") == "");
    CHECK_FALSE(encode_dns_name("a..b"));
    CHECK_FALSE(encode_dns_name(".a"));
    CHECK_FALSE(encode_dns_name("a.."));
    CHECK(decode_dns_name("org/example/www") == "www.example.org");
    CHECK(decode_dns_name("") == "");
    for (const auto* path : {"/org", "org/", "org//www", "Org", "a_2eb", "a_4", "a_zz"}) {
        CAPTURE(path);
        CHECK_FALSE(decode_dns_name(path));
    }
}

TEST_CASE("any bytes become one legal path element and come back") {
    std::mt19937 random(1);
    for (int i = 0; i < 2000; ++i) {
        std::string text(random() % 40 + 1, '\0');
        for (char& c : text)
            c = static_cast<char>(random());
        const auto element = encode_element(text);
        CHECK(is_relative_path(element));
        CHECK(element.find('/') == std::string::npos);
        CHECK(decode_element(element) == text);
    }
}

TEST_CASE("only the one spelling of an element is decoded") {
    for (const auto* element : {"_", "_4", "_4G", "_41", "a.b", "_2E"}) {
        CAPTURE(element);
        CHECK_FALSE(decode_element(element));
    }
}
