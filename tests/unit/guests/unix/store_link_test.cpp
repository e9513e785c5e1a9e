#include "unix/store_link.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "fake_store.hpp"
#include "model_server.hpp"

using namespace stemma;

namespace {

// The server's end of a ring in a memfd, with the eventfds of both sides.
struct Ring {
    int memory = memfd_create("ring", MFD_CLOEXEC);
    int to_guest = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    int to_server = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    std::byte* page = nullptr;

    Ring() {
        REQUIRE(ftruncate(memory, 4096) == 0);
        page = static_cast<std::byte*>(
            mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0));
        REQUIRE(page != MAP_FAILED);
    }
    ~Ring() {
        munmap(page, 4096);
        for (const int fd : {memory, to_guest, to_server})
            close(fd);
    }
    static bool take(int event) {
        std::uint64_t count = 0;
        return read(event, &count, sizeof count) == sizeof count;
    }
};

}  // namespace

TEST_CASE("requests larger than the ring cross it in pieces, each with a wake-up") {
    Ring ring;
    auto link = hosted::StoreLink::open(ring.memory, ring.to_guest, ring.to_server);
    REQUIRE(link);
    xs::RingEnd server(ring.page, xs::RingEnd::Side::server);
    rt::FakeStore tree;
    rt::ModelServer model(tree);
    std::string read_back;
    const std::string value(3000, 'v');
    REQUIRE(link->store().write("data/long", value, [](rt::StoreResult) {}));
    REQUIRE(link->store().read("data/long",
                               [&](rt::StoreResult r) { read_back = r.value_or("error"); }));
    std::vector<std::byte> back;
    int wakes = 0;
    for (int round = 0; round < 50 && read_back.empty(); ++round) {
        link->pump();
        wakes += Ring::take(ring.to_server);
        std::array<std::byte, 600> bytes;
        const auto got = server.read(bytes);
        REQUIRE(got);
        model.receive(std::span(bytes).first(*got));
        const auto out = model.take_output();
        back.insert(back.end(), out.begin(), out.end());
        const auto put = server.write(back);
        REQUIRE(put);
        back.erase(back.begin(), back.begin() + static_cast<std::ptrdiff_t>(*put));
    }
    CHECK(read_back == value);
    CHECK(wakes > 5);
    CHECK_FALSE(Ring::take(ring.to_server));
}

TEST_CASE("a link with nothing to move wakes nobody") {
    Ring ring;
    auto link = hosted::StoreLink::open(ring.memory, ring.to_guest, ring.to_server);
    REQUIRE(link);
    CHECK_FALSE(link->pump());
    CHECK_FALSE(Ring::take(ring.to_server));
}

TEST_CASE("a server that lies about its indexes loses the connection, told to each request") {
    Ring ring;
    auto link = hosted::StoreLink::open(ring.memory, ring.to_guest, ring.to_server);
    REQUIRE(link);
    bool lost = false;
    REQUIRE(link->store().read("a",
                               [&](rt::StoreResult r) { lost = !r && r.error().connection_lost; }));
    xs::RingEnd(ring.page, xs::RingEnd::Side::server)
        .set_word(xs::ring_page::reply_producer, 0x7fffffff);
    CHECK(link->pump());
    CHECK(lost);
    CHECK(link->store().fault() == rt::StoreFault::closed);
    CHECK_FALSE(link->pump());
}
