#include "dns/ipv6_text.hpp"

#include <arpa/inet.h>

#include <catch2/catch.hpp>
#include <random>

using namespace stemma::dns;

namespace {
std::optional<std::array<std::uint8_t, 16>> by_libc(const std::string& text) {
    std::array<std::uint8_t, 16> address;
    if (inet_pton(AF_INET6, text.c_str(), address.data()) != 1) return std::nullopt;
    return address;
}
}  // namespace

TEST_CASE("IPv6 addresses are read as inet_pton reads them") {
    for (const std::string text :
         {"::", "::1", "1::", "fe80::1", "1:2:3:4:5:6:7:8", "1::8", "1:2:3:4:5:6:7::",
          "::2:3:4:5:6:7:8", "::ffff:10.0.0.1", "1:2:3:4:5:6:1.2.3.4", "::1.2.3.4", "ABCD::ef01",
          // and these are none
          "", ":", ":::", "1", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1::2::3",
          "12345::", "g::", "1:2:3:4:5:6:7:1.2.3.4", "::1.2.3", "::1.2.3.4:5", "1:", ":1",
          "1:2:3:4:5:6:7:", "::1.2.3.256", "1::-2", "0x1::", "::00001",
          "1:2:3:4:5:6:7:8::", "::1.2.3.4."}) {
        CAPTURE(text);
        CHECK(parse_ipv6(text) == by_libc(text));
    }
}

TEST_CASE("random text is read as inet_pton reads it") {
    std::mt19937 random(1);
    constexpr std::string_view alphabet = "::::012fF.1";
    std::size_t good = 0;
    for (int i = 0; i < 200000; ++i) {
        std::string text;
        for (auto n = random() % 18; n > 0; --n)
            text += alphabet[random() % alphabet.size()];
        const auto expected = by_libc(text);
        good += expected.has_value();
        if (parse_ipv6(text) != expected) FAIL_CHECK(text);
    }
    CHECK(good > 100);
}
