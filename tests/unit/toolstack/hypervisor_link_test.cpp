#include "toolstack/agent/hypervisor_link.hpp"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <catch2/catch.hpp>

#include <cstring>

#include "temporary_directory.hpp"
#include "toolstack/unix_socket.hpp"

namespace stemma::toolstack {

namespace {

// xenstored's end, on the same loop: takes connections and notes what it is told.
class Listener {
  public:
    struct Told {
        xs::HostedMessage message;
        std::size_t descriptors = 0;
    };

    Listener(EventLoop& loop, const std::string& path)
        : loop_(loop), socket_(*listen_unix(path, SOCK_SEQPACKET)) {
        loop_.add(socket_.get(), EPOLLIN, [this](std::uint32_t) {
            link_.reset(::accept4(socket_.get(), nullptr, nullptr, SOCK_NONBLOCK));
            loop_.add(link_.get(), EPOLLIN, [this](std::uint32_t) { read(); });
        });
    }
    ~Listener() {
        if (link_) loop_.remove(link_.get());
        loop_.remove(socket_.get());
    }

    std::vector<Told> told;
    std::function<void()> on_told = [] {};

  private:
    void read() {
        const auto datagram = receive_datagram(link_.get(), 64);
        if (!datagram) return loop_.remove(link_.get());
        Told one;
        REQUIRE(datagram->bytes.size() == sizeof one.message);
        std::memcpy(&one.message, datagram->bytes.data(), sizeof one.message);
        one.descriptors = datagram->descriptors.size();
        told.push_back(one);
        on_told();
    }

    EventLoop& loop_;
    Descriptor socket_;
    Descriptor link_;
};

}  // namespace

TEST_CASE("domains are told with their channels, and all again to a new xenstored") {
    TemporaryDirectory directory;
    auto loop = *EventLoop::open();
    const Descriptor any(::eventfd(0, EFD_CLOEXEC));
    const DomainChannels channels{7, any.get(), any.get(), any.get()};
    int connected = 0;
    HypervisorLink link(*loop, directory / "hypervisor", [&] { ++connected; });
    {
        Listener xenstored(*loop, directory / "hypervisor");
        link.start();
        REQUIRE(link.is_connected());
        link.created(1, channels);
        link.created(2, channels);
        link.shut_down(1, xs::ShutdownReason::crash);
        link.gone(1);
        xenstored.on_told = [&] {
            if (xenstored.told.size() == 4) loop->stop();
        };
        REQUIRE(loop->run());
        CHECK(xenstored.told[0].message.event == xs::HostedEvent::domain_created);
        CHECK(xenstored.told[0].message.magic == xs::HostedMessage::magic_value);
        CHECK(xenstored.told[0].message.port == 7);
        CHECK(xenstored.told[0].descriptors == 3);
        CHECK(xenstored.told[2].message.event == xs::HostedEvent::domain_shut_down);
        CHECK(xenstored.told[2].message.reason == 3);
        CHECK(xenstored.told[3].message.event == xs::HostedEvent::domain_gone);
        CHECK(xenstored.told[3].descriptors == 0);
    }
    CHECK(connected == 1);
}

TEST_CASE("a xenstored that comes later, or comes back, hears of every domain that exists") {
    TemporaryDirectory directory;
    auto loop = *EventLoop::open();
    const Descriptor any(::eventfd(0, EFD_CLOEXEC));
    const DomainChannels channels{1, any.get(), any.get(), any.get()};
    HypervisorLink link(*loop, directory / "hypervisor", [] {});
    link.start();
    CHECK(!link.is_connected());
    link.created(3, channels);
    link.created(4, channels);
    link.gone(3);
    Listener xenstored(*loop, directory / "hypervisor");
    link.connect_now();
    REQUIRE(link.is_connected());
    xenstored.on_told = [&] { loop->stop(); };
    REQUIRE(loop->run());
    REQUIRE(xenstored.told.size() == 1);
    CHECK(xenstored.told[0].message.domain == 4);
}

}  // namespace stemma::toolstack
