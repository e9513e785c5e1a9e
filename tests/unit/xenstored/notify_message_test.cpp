#include "xenstored/notify_message.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>
#include <cstring>

using namespace stemma::xenstored;

TEST_CASE("what a service tells its manager is about descriptors, or is passed on") {
    struct Case {
        const char* text;
        bool store, remove, ready;
        const char* name;
        const char* others;
    };
    for (const Case& wanted :
         {Case{"FDSTORE=1\nFDPOLL=0\nFDNAME=client.7", true, false, false, "client.7", ""},
          Case{"FDSTOREREMOVE=1\nFDNAME=lock\n", false, true, false, "lock", ""},
          Case{"STATUS=x\nREADY=1", false, false, true, "stored", "STATUS=x\nREADY=1"},
          Case{"READY=10\n\n", false, false, false, "stored", "READY=10"},
          Case{"", false, false, false, "stored", ""},
          Case{"FDNAME=", false, false, false, "", ""}}) {
        CAPTURE(wanted.text);
        NotifyMessage message;
        message.read(wanted.text);
        CHECK(message.store == wanted.store);
        CHECK(message.remove == wanted.remove);
        CHECK(message.ready == wanted.ready);
        CHECK(message.name == wanted.name);
        CHECK(message.others == wanted.others);
    }
}

TEST_CASE("a message to a manager comes with its sender's pid and a descriptor") {
    std::array<int, 2> ends{};
    REQUIRE(::socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, ends.data()) == 0);
    const Descriptor manager(ends[0]), service(ends[1]);
    const int yes = 1;
    ::setsockopt(manager.get(), SOL_SOCKET, SO_PASSCRED, &yes, sizeof yes);
    CHECK_FALSE(NotifyMessage::receive(manager.get()));

    iovec part{const_cast<char*>("FDSTORE=1"), 9};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
    msghdr header{};
    header.msg_iov = &part;
    header.msg_iovlen = 1;
    header.msg_control = control.data();
    header.msg_controllen = control.size();
    cmsghdr* const c = CMSG_FIRSTHDR(&header);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(c), &ends[0], sizeof(int));
    REQUIRE(::sendmsg(service.get(), &header, 0) == 9);
    const auto message = NotifyMessage::receive(manager.get());
    REQUIRE(message);
    CHECK(message->sender == ::getpid());
    CHECK(message->store);
    CHECK(message->descriptor);
    CHECK_FALSE(NotifyMessage::receive(manager.get()));
}
