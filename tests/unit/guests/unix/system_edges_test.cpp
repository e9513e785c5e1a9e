#include <sys/mman.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <set>

#include "unix/packet_rings.hpp"
#include "unix/state_file.hpp"
#include "unix/system_clock.hpp"
#include "unix/system_entropy.hpp"

using namespace stemma;

TEST_CASE("the monotonic clock does not go back, the wall clock is after 2020") {
    hosted::SystemClock clock;
    auto last = clock.now();
    for (int i = 0; i < 1000; ++i) {
        const auto now = clock.now();
        REQUIRE(now >= last);
        last = now;
    }
    CHECK(clock.utc().seconds > 1'577'836'800);
}

TEST_CASE("no random word comes twice, over many pools") {
    auto entropy = hosted::SystemEntropy::open();
    REQUIRE(entropy);
    std::set<std::uint64_t> seen;
    for (int i = 0; i < 2000; ++i)
        REQUIRE(seen.insert(entropy->get<std::uint64_t>()).second);
    std::vector<std::uint8_t> long_one(1000);
    entropy->fill(long_one);
    CHECK(std::count(long_one.begin(), long_one.end(), 0) < 50);
}

TEST_CASE("saved state is mapped whole up to its bound, and an empty one is empty") {
    struct Case {
        std::size_t size, mapped;
    };
    for (const auto& [size, mapped] :
         {Case{0, 0}, Case{5000, 5000},
          Case{hosted::StateFile::bytes_max + 1, hosted::StateFile::bytes_max}}) {
        const int fd = memfd_create("state", MFD_CLOEXEC);
        REQUIRE(ftruncate(fd, static_cast<off_t>(size)) == 0);
        const auto file = hosted::StateFile::open(fd);
        REQUIRE(file);
        CHECK(file->bytes().size() == mapped);
        close(fd);
    }
    CHECK_FALSE(hosted::StateFile::open(-1));
}

TEST_CASE("the rings of all ports together stay within their share of 32 MB") {
    for (const std::size_t mtu : {576u, 1500u, 9000u}) {
        for (std::size_t ports = 1; ports <= 4; ++ports) {
            const auto sizes = hosted::RingSizes::for_ports(ports, mtu);
            CHECK(sizes.bytes() * ports <= 12u << 20);  // the smallest rings at 9,000
            CHECK(sizes.frame >= mtu + 14 + 66);
            CHECK(sizes.receive >= 128);
        }
    }
    CHECK(hosted::RingSizes::for_ports(2, 1500).bytes() * 2 <= 8u << 20);
}
