#include "xenstored/descriptor_store.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <cstring>
#include <thread>

#include "temporary_directory.hpp"

using namespace stemma::xenstored;
using stemma::xenstored::test::TemporaryDirectory;

namespace {

// A service manager's end, and its environment.
struct Manager {
    Manager() : socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
        const std::string path = directory.file("notify");
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::memcpy(address.sun_path, path.data(), path.size());
        REQUIRE(::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
        ::setenv("NOTIFY_SOCKET", path.c_str(), 1);
    }
    ~Manager() { ::unsetenv("NOTIFY_SOCKET"); }

    // The next message, and whether a descriptor came with it; "" if there is none.
    std::string take() {
        std::array<char, 256> text{};
        iovec part{text.data(), text.size()};
        alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
        msghdr header{};
        header.msg_iov = &part;
        header.msg_iovlen = 1;
        header.msg_control = control.data();
        header.msg_controllen = control.size();
        const ssize_t length = ::recvmsg(socket.get(), &header, MSG_CMSG_CLOEXEC);
        if (length < 0) return "";
        std::string taken(text.data(), static_cast<std::size_t>(length));
        if (const cmsghdr* const c = CMSG_FIRSTHDR(&header)) {
            int fd = -1;
            std::memcpy(&fd, CMSG_DATA(c), sizeof fd);
            ::close(fd);
            taken += " with one";
        }
        return taken;
    }

    TemporaryDirectory directory;
    Descriptor socket;
};

}  // namespace

TEST_CASE("descriptors are given to the service manager under a name, and taken back from it") {
    Manager manager;
    auto store = DescriptorStore::from_environment();
    CHECK(store.is_there());
    store.store("client.7", manager.socket.get());
    CHECK(manager.take() == "FDSTORE=1\nFDPOLL=0\nFDNAME=client.7 with one");
    store.remove("client.7");
    CHECK(manager.take() == "FDSTOREREMOVE=1\nFDNAME=client.7");
    CHECK_FALSE(store.waits());
}

TEST_CASE("what the manager does not take at once waits, in its order, and nobody waits for it") {
    Manager manager;
    auto store = DescriptorStore::from_environment();
    constexpr int count = 2000;  // more than any queue of datagrams holds
    for (int i = 0; i < count; ++i)
        store.store("client." + std::to_string(i), manager.socket.get());
    CHECK(store.waits());
    for (int i = 0; i < count; ++i) {
        std::string text = manager.take();
        if (text.empty()) {
            store.flush();
            text = manager.take();
        }
        REQUIRE(text == "FDSTORE=1\nFDPOLL=0\nFDNAME=client." + std::to_string(i) + " with one");
    }
    store.flush();
    CHECK_FALSE(store.waits());
}

TEST_CASE("a manager that has ended is found out by the next message") {
    Manager manager;
    auto store = DescriptorStore::from_environment();
    manager.socket.reset();
    store.store("client.1", 0);
    CHECK_FALSE(store.is_there());
    CHECK_FALSE(store.waits());
    store.remove("client.1");
    CHECK_FALSE(store.waits());
}

TEST_CASE("all is taken back from a manager that is slow, too") {
    Manager manager;
    auto store = DescriptorStore::from_environment();
    constexpr int count = 2000;
    for (int i = 0; i < count; ++i)
        store.store("client." + std::to_string(i), manager.socket.get());
    std::thread forgets([&] { store.forget(); });
    int stored = 0, removed = 0;
    while (removed < count) {
        const std::string text = manager.take();
        stored += text.starts_with("FDSTORE=1");
        removed += text.starts_with("FDSTOREREMOVE=1");
    }
    forgets.join();
    CHECK(stored == count);
    CHECK_FALSE(store.is_there());
}

TEST_CASE("without a service manager nothing is stored") {
    ::unsetenv("NOTIFY_SOCKET");
    auto store = DescriptorStore::from_environment();
    CHECK_FALSE(store.is_there());
    store.store("lock", 0);
    CHECK_FALSE(store.waits());
    CHECK_FALSE(store.take("lock"));
}
