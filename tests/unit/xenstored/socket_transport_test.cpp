#include "xenstored/socket_transport.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>
#include <string>

using namespace stemma::xenstored;

namespace {

struct Pair {
    Pair() {
        std::array<int, 2> ends;
        REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()) ==
                0);
        client = Descriptor(ends[0]);
        poller->add(ends[1], {PollKey::Kind::client, 1}, true, false);
        transport.emplace(Descriptor(ends[1]), *poller, PollKey{PollKey::Kind::client, 1});
    }
    std::expected<Poller, std::string> poller = Poller::create();
    Descriptor client;
    std::optional<SocketTransport> transport;
};

}  // namespace

TEST_CASE("bytes travel both ways, nothing is 0, and a closed peer is an end") {
    Pair pair;
    std::array<std::byte, 64> room;
    CHECK(pair.transport->read(room) == std::size_t{0});
    REQUIRE(::write(pair.client.get(), "hello", 5) == 5);
    CHECK(pair.transport->read(room) == std::size_t{5});
    const std::string one = "ab", two = "cde";
    const std::array<std::span<const std::byte>, 2> parts{std::as_bytes(std::span(one)),
                                                          std::as_bytes(std::span(two))};
    CHECK(pair.transport->write(parts) == std::size_t{5});
    std::array<char, 16> got{};
    CHECK(::read(pair.client.get(), got.data(), got.size()) == 5);
    CHECK(std::string(got.data(), 5) == "abcde");
    pair.client.reset();
    CHECK(pair.transport->read(room).error() == Transport::End::closed);
    CHECK(pair.transport->write(parts).error() == Transport::End::closed);  // and no SIGPIPE
}

TEST_CASE("a peer that takes nothing is written to in part, then not at all") {
    Pair pair;
    const std::string much(1 << 20, 'x');
    const std::array<std::span<const std::byte>, 1> parts{std::as_bytes(std::span(much))};
    const auto first = pair.transport->write(parts);
    REQUIRE(first);
    CHECK(*first < much.size());
    CHECK(pair.transport->write(parts) == std::size_t{0});
    pair.transport->interest(false, true);
    CHECK(pair.poller->wait(std::chrono::steady_clock::now()).empty());
    std::string drained(much.size(), '\0');
    while (::read(pair.client.get(), drained.data(), drained.size()) > 0) {
    }
    const auto ready = pair.poller->wait(std::chrono::steady_clock::now());
    REQUIRE(ready.size() == 1);
    CHECK(ready[0].writable);
}
