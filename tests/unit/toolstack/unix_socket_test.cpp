#include "toolstack/unix_socket.hpp"

#include <sys/socket.h>
#include <sys/stat.h>

#include <catch2/catch.hpp>

#include <cerrno>

#include "temporary_directory.hpp"

namespace stemma::toolstack {

TEST_CASE("a socket is its owner's alone, and a stale file is replaced, a living one not") {
    TemporaryDirectory directory;
    const std::string path = directory / "s";
    {
        const auto first = listen_unix(path, SOCK_SEQPACKET);
        REQUIRE(first);
        struct stat status {};
        REQUIRE(::stat(path.c_str(), &status) == 0);
        CHECK((status.st_mode & 0777) == 0600);
        CHECK(connect_unix(path, SOCK_SEQPACKET));
        CHECK(!listen_unix(path, SOCK_SEQPACKET));
    }
    CHECK(!connect_unix(path, SOCK_SEQPACKET));
    CHECK(listen_unix(path, SOCK_SEQPACKET));
    CHECK(!connect_unix(directory / std::string(200, 'x'), SOCK_STREAM));
}

TEST_CASE("a datagram arrives with its descriptors, too long ones are marked") {
    int ends[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends) == 0);
    const Descriptor a(ends[0]);
    Descriptor b(ends[1]);
    const int passed[] = {0, 0, 0};
    CHECK(send_with_descriptors(a.get(), "hello", passed) == 0);
    CHECK(send_with_descriptors(a.get(), "too long", {}) == 0);
    CHECK(send_with_descriptors(a.get(), "x", std::vector<int>(17, 0)) == EINVAL);
    const auto first = receive_datagram(b.get(), 5);
    REQUIRE(first);
    CHECK(first->bytes == "hello");
    CHECK(first->descriptors.size() == 3);
    CHECK(!first->truncated);
    CHECK(receive_datagram(b.get(), 5)->truncated);
    CHECK(receive_datagram(b.get(), 5).error() == EAGAIN);
    b.reset();
    CHECK(send_with_descriptors(a.get(), "x", {}) == EPIPE);
    CHECK(receive_datagram(a.get(), 5).error() == ENOTCONN);
}

}  // namespace stemma::toolstack
