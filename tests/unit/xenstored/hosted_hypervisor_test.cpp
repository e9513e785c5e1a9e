#include "xenstored/hosted_hypervisor.hpp"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "harness.hpp"
#include "temporary_directory.hpp"

using namespace stemma;
using namespace stemma::xenstored;
using namespace stemma::xenstored::test;
using namespace std::string_literals;

namespace {

class Told final : public HypervisorEvents {
  public:
    void domain_found(xs::DomainId id, std::uint32_t) override { log += "+" + std::to_string(id); }
    void domain_shut_down(xs::DomainId id) override { log += "!" + std::to_string(id); }
    void domain_gone(xs::DomainId id) override { log += "-" + std::to_string(id); }
    void domain_notified(xs::DomainId id) override { log += "~" + std::to_string(id); }
    std::string take() { return std::exchange(log, {}); }
    std::string log;
};

struct Descriptors {
    Descriptor page, to_daemon, to_domain;
};

Descriptors make_domain(int seals = F_SEAL_SHRINK) {
    Descriptors made{Descriptor(::memfd_create("ring", MFD_CLOEXEC | MFD_ALLOW_SEALING)),
                     Descriptor(::eventfd(0, EFD_CLOEXEC)), Descriptor(::eventfd(0, EFD_CLOEXEC))};
    REQUIRE(::ftruncate(made.page.get(), 4096) == 0);
    ::fcntl(made.page.get(), F_ADD_SEALS, seals);
    return made;
}

Descriptor agent(const std::string& path) {
    Descriptor link(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), path.size());
    REQUIRE(::connect(link.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    return link;
}

void tell(const Descriptor& link, const void* bytes, std::size_t size,
          std::vector<int> descriptors = {}) {
    iovec part{const_cast<void*>(bytes), size};
    alignas(cmsghdr) char control[CMSG_SPACE(4 * sizeof(int))] = {};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    if (!descriptors.empty()) {
        message.msg_control = control;
        message.msg_controllen = CMSG_SPACE(descriptors.size() * sizeof(int));
        cmsghdr* const c = CMSG_FIRSTHDR(&message);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(descriptors.size() * sizeof(int));
        std::memcpy(CMSG_DATA(c), descriptors.data(), descriptors.size() * sizeof(int));
    }
    REQUIRE(::sendmsg(link.get(), &message, 0) >= 0);
}

void tell(const Descriptor& link, xs::HostedEvent event, std::uint32_t domain,
          const Descriptors* descriptors = nullptr) {
    xs::HostedMessage message;
    message.event = event;
    message.domain = domain;
    message.port = 1;
    std::vector<int> fds;
    if (descriptors != nullptr) {
        fds = {descriptors->page.get(), descriptors->to_daemon.get(), descriptors->to_domain.get()};
    }
    tell(link, &message, sizeof message, fds);
}

struct Host {
    TemporaryDirectory directory;
    Poller poller = *Poller::create();
    Told told;
    std::string path = directory.file("hypervisor");
    HostedHypervisor hypervisor{path, poller};

    Host() { REQUIRE(hypervisor.start(told, Hypervisor::Start::anew)); }

    // One turn of the loop: everything is ready already, so the wait ends at once.
    void turn() {
        for (const auto& ready : poller.wait(std::chrono::steady_clock::now()))
            hypervisor.ready(ready);
    }
};

}  // namespace

TEST_CASE("the agent says which domains exist") {
    Host host;
    struct stat status {};
    REQUIRE(::stat(host.path.c_str(), &status) == 0);
    CHECK((status.st_mode & 0777) == 0600);
    const Descriptor link = agent(host.path);
    const Descriptors five = make_domain();
    CHECK_FALSE(host.hypervisor.exists(5));
    tell(link, xs::HostedEvent::domain_created, 5, &five);
    host.turn();
    host.turn();
    CHECK(host.told.take().empty());
    CHECK(host.hypervisor.exists(5));
    CHECK(host.hypervisor.exists(0));
    tell(link, xs::HostedEvent::domain_shut_down, 5);
    tell(link, xs::HostedEvent::domain_gone, 5);
    host.hypervisor.poll_events();
    CHECK(host.told.take() == "!5-5");
    CHECK_FALSE(host.hypervisor.exists(5));
}

TEST_CASE("a channel shares the page and rings both ways") {
    Host host;
    const Descriptor link = agent(host.path);
    host.turn();
    const Descriptors five = make_domain();
    tell(link, xs::HostedEvent::domain_created, 5, &five);
    host.turn();
    host.told.take();
    CHECK_FALSE(host.hypervisor.connect(5, 0, 2));
    CHECK_FALSE(host.hypervisor.connect(6, 0, 1));
    auto channel = host.hypervisor.connect(5, 0, 1);
    REQUIRE(channel);
    (*channel)->page()[0] = std::byte{9};
    unsigned char seen = 0;
    REQUIRE(::pread(five.page.get(), &seen, 1, 0) == 1);
    CHECK(seen == 9);

    (*channel)->notify();
    (*channel)->notify();
    std::uint64_t count = 0;
    REQUIRE(::read(five.to_domain.get(), &count, sizeof count) == sizeof count);
    CHECK(count == 2);

    const std::uint64_t one = 1;
    for (int i = 0; i < 3; ++i) {  // each ring is heard, though nobody reads the counter
        REQUIRE(::write(five.to_daemon.get(), &one, sizeof one) == sizeof one);
        host.turn();
        CHECK(host.told.take() == "~5");
        host.turn();
        CHECK(host.told.take().empty());
    }
    channel->reset();
    REQUIRE(::write(five.to_daemon.get(), &one, sizeof one) == sizeof one);
    host.turn();
    CHECK(host.told.take().empty());
}

// A write would wait here for ever, and the test with it.
TEST_CASE("a domain that fills its counter and clears O_NONBLOCK does not hold up the daemon") {
    Host host;
    const Descriptor link = agent(host.path);
    host.turn();
    const Descriptors five = make_domain();
    tell(link, xs::HostedEvent::domain_created, 5, &five);
    host.turn();
    auto channel = host.hypervisor.connect(5, 0, 1);
    REQUIRE(channel);
    const std::uint64_t most = 0xfffffffffffffffe;
    REQUIRE(::write(five.to_domain.get(), &most, sizeof most) == sizeof most);
    const int flags = ::fcntl(five.to_domain.get(), F_GETFL);
    REQUIRE(::fcntl(five.to_domain.get(), F_SETFL, flags & ~O_NONBLOCK) == 0);
    (*channel)->notify();
    std::uint64_t count = 0;
    REQUIRE(::read(five.to_domain.get(), &count, sizeof count) == sizeof count);
    CHECK(count >= most);
}

TEST_CASE("the next agent names the domains again, and tells a new one from an old") {
    Host host;
    const Descriptors five = make_domain();
    {
        const Descriptor link = agent(host.path);
        host.turn();
        tell(link, xs::HostedEvent::domain_created, 5, &five);
        host.turn();
        CHECK(host.hypervisor.exists(5));
    }
    host.turn();
    CHECK(host.told.take().empty());
    CHECK(host.hypervisor.exists(5));
    const Descriptor next = agent(host.path);
    host.turn();
    tell(next, xs::HostedEvent::domain_created, 5, &five);
    host.turn();
    CHECK(host.told.take().empty());
    const Descriptors other = make_domain();
    tell(next, xs::HostedEvent::domain_created, 5, &other);
    host.turn();
    CHECK(host.told.take() == "-5");
}

TEST_CASE("what is not of the protocol is refused and counted") {
    Host host;
    const Descriptor link = agent(host.path);
    host.turn();
    const Descriptors five = make_domain();
    xs::HostedMessage message;
    message.event = xs::HostedEvent::domain_created;
    message.domain = 5;
    tell(link, &message, sizeof message);                     // no descriptors
    tell(link, &message, sizeof message, {five.page.get()});  // too few
    tell(link, &message, sizeof message - 1);
    tell(link, "much longer than a message of this protocol", 40);
    message.magic = 1;
    tell(link, &message, sizeof message);
    tell(link, xs::HostedEvent::domain_created, 0, &five);
    tell(link, xs::HostedEvent::domain_created, 0x7ff0, &five);
    tell(link, xs::HostedEvent::domain_created, 0x10005, &five);
    tell(link, xs::HostedEvent::domain_gone, 7);
    tell(link, xs::HostedEvent::domain_shut_down, 7);
    tell(link, static_cast<xs::HostedEvent>(99), 5);
    host.turn();
    CHECK(host.told.take().empty());
    CHECK(host.hypervisor.refused() == 11);
    CHECK_FALSE(host.hypervisor.last_refusal().empty());
    tell(link, xs::HostedEvent::domain_created, 5, &five);
    host.turn();
    CHECK(host.hypervisor.exists(5));
}

TEST_CASE("a page that could shrink is not served") {
    Host host;
    const Descriptor link = agent(host.path);
    host.turn();
    const Descriptors five = make_domain(0);
    tell(link, xs::HostedEvent::domain_created, 5, &five);
    host.turn();
    CHECK_FALSE(host.hypervisor.connect(5, 0, 1));
    CHECK(host.hypervisor.refused() == 1);
}

TEST_CASE("another daemon goes on with the listener, the agents and the domains of the first") {
    Host host;
    const Descriptor link = agent(host.path);
    host.turn();
    const Descriptors five = make_domain();
    tell(link, xs::HostedEvent::domain_created, 5, &five);
    host.turn();
    const DomainHandle handle = host.hypervisor.handle(5);
    CHECK(handle != DomainHandle{});
    CHECK(host.hypervisor.handle(6) == DomainHandle{});

    // As execve() would leave them, had they no FD_CLOEXEC.
    auto held = host.hypervisor.held();
    const auto kept = [](int& fd) { fd = ::dup(fd); };
    kept(held.listener);
    REQUIRE(held.links.size() == 1);
    kept(held.links[0]);
    REQUIRE(held.domains.size() == 1);
    kept(held.domains[0].page);
    kept(held.domains[0].wakes_daemon);
    kept(held.domains[0].wakes_domain);

    Poller poller = *Poller::create();
    Told told;
    HostedHypervisor next{host.directory.file("unused"), poller};
    next.adopt(held);
    CHECK(next.exists(5));
    CHECK(next.handle(5) == handle);
    auto channel = next.connect(5, 0, 1);
    REQUIRE(channel);
    REQUIRE(next.start(told, Hypervisor::Start::again));
    tell(link, xs::HostedEvent::domain_created, 5, &five);  // the same: nothing to tell
    tell(link, xs::HostedEvent::domain_shut_down, 5);
    next.poll_events();
    CHECK(told.take() == "!5");
    const Descriptor second = agent(host.path);
    for (const auto& ready : poller.wait(std::chrono::steady_clock::now()))
        next.ready(ready);
    tell(second, xs::HostedEvent::domain_gone, 5);
    next.poll_events();
    CHECK(told.take() == "-5");
}
