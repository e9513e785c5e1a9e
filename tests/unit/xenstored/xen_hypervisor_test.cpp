#include "xenstored/xen_hypervisor.hpp"

#include <fcntl.h>
#include <sys/eventfd.h>

#include <array>
#include <catch2/catch.hpp>
#include <cerrno>
#include <deque>
#include <map>
#include <set>

#include "xenstored/descriptor.hpp"
#include "xenstored/handover.hpp"
#include "xs_wire/ring.hpp"

using namespace stemma;
using namespace stemma::xenstored;

namespace {

// A hypervisor with the domains that the test puts into it. Local port: 100 + what it is bound to.
class FakeXen final : public XenInterface {
  public:
    static constexpr std::uint32_t death_port = 7;

    std::expected<std::vector<XenDomain>, int> domains(xs::DomainId first,
                                                       std::size_t most) override {
        ++state.listings;
        if (state.listing_fails) return std::unexpected(EPERM);
        std::vector<XenDomain> all;
        for (auto d = state.all.lower_bound(first); d != state.all.end() && all.size() < most; ++d)
            all.push_back(d->second);
        return all;
    }
    std::uint32_t store_port(xs::DomainId domain) override {
        const auto port = state.store_ports.find(domain);
        return port == state.store_ports.end() ? 0 : port->second;
    }
    std::expected<RingMapping, int> map_grant(xs::DomainId domain) override {
        if (!state.granted.contains(domain)) return std::unexpected(EINVAL);
        return mapped("grant " + std::to_string(domain));
    }
    std::expected<RingMapping, int> map_frame(xs::DomainId domain, std::uint64_t frame) override {
        if (!state.all.contains(domain)) return std::unexpected(ESRCH);
        return mapped("frame " + std::to_string(frame));
    }
    std::expected<RingMapping, int> map_domain0() override { return mapped("domain 0"); }
    std::expected<std::uint32_t, int> domain0_port() override {
        if (state.domain0_port == 0) return std::unexpected(ENOENT);
        return state.domain0_port;
    }
    std::expected<std::uint32_t, int> bind(xs::DomainId, std::uint32_t remote) override {
        if (remote == 99) return std::unexpected(EINVAL);
        state.bound.insert(100 + remote);
        return 100 + remote;
    }
    std::expected<std::uint32_t, int> bind_domain_events() override {
        if (state.no_virq) return std::unexpected(EEXIST);
        state.has_virq = true;
        return death_port;
    }
    std::expected<std::uint32_t, int> remote_port(std::uint32_t port) override {
        if (!state.bound.contains(port)) return std::unexpected(ENOTCONN);
        return port - 100;
    }
    void unbind(std::uint32_t port) override {
        if (port == death_port) state.has_virq = false;
        state.bound.erase(port);
    }
    void notify(std::uint32_t port) override { state.notified.push_back(port); }
    int event_fd() override { return state.readable.get(); }
    std::optional<std::uint32_t> pending() override {
        if (state.pending.empty()) return std::nullopt;
        const std::uint32_t port = state.pending.front();
        state.pending.pop_front();
        state.masked.insert(port);
        return port;
    }
    void unmask(std::uint32_t port) override { state.masked.erase(port); }

    struct State {
        std::map<xs::DomainId, XenDomain> all;
        std::map<xs::DomainId, std::uint32_t> store_ports;
        std::set<xs::DomainId> granted;
        std::uint32_t domain0_port = 3;
        bool no_virq = false;
        bool has_virq = false;
        bool listing_fails = false;
        int listings = 0;
        std::set<std::uint32_t> bound;
        std::set<std::uint32_t> masked;
        std::deque<std::uint32_t> pending;
        std::vector<std::uint32_t> notified;
        std::set<std::string> mappings;
        Descriptor readable{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
    };
    explicit FakeXen(State& its_state) : state(its_state) {}
    State& state;

  private:
    RingMapping mapped(const std::string& what) {
        state.mappings.insert(what);
        auto* const page = new std::byte[xs::ring_page::size]();
        return {page, [this, what](std::byte* bytes) {
                    state.mappings.erase(what);
                    delete[] bytes;
                }};
    }
};

class Told final : public HypervisorEvents {
  public:
    void domain_found(xs::DomainId id, std::uint32_t port) override {
        log += "+" + std::to_string(id) + ":" + std::to_string(port);
    }
    void domain_shut_down(xs::DomainId id) override { log += "!" + std::to_string(id); }
    void domain_gone(xs::DomainId id) override { log += "-" + std::to_string(id); }
    void domain_notified(xs::DomainId id) override { log += "~" + std::to_string(id); }
    std::string take() { return std::exchange(log, {}); }
    std::string log;
};

struct Host {
    FakeXen::State xen;
    Poller poller = *Poller::create();
    Told told;
    XenHypervisor hypervisor{std::make_unique<FakeXen>(xen), poller};

    void make(xs::DomainId id, const std::string& handle = "one") {
        xen.all[id] = {id, handle, false, false};
        xen.granted.insert(id);
    }
    void start() {
        REQUIRE(hypervisor.start(told, Hypervisor::Start::anew));
        told.take();
    }
    void look() {
        xen.pending.push_back(FakeXen::death_port);
        hypervisor.ready({});
    }
};

}  // namespace

TEST_CASE("at the start the domains that are there are told, domain 0 first") {
    Host host;
    host.make(1);
    host.make(4);
    host.make(6);
    host.xen.all[6].dying = true;
    host.xen.store_ports = {{4, 12}, {6, 13}};
    REQUIRE(host.hypervisor.start(host.told, Hypervisor::Start::anew));
    CHECK(host.told.take() == "+0:3+4:12");
}

TEST_CASE("what cannot be opened at the start is named") {
    Host host;
    SECTION("the port of domain 0") {
        host.xen.domain0_port = 0;
        const auto started = host.hypervisor.start(host.told, Hypervisor::Start::anew);
        REQUIRE_FALSE(started);
        CHECK(started.error() ==
              "find domain 0's store port (/proc/xen/xsd_port): No such file or directory");
    }
    SECTION("the virtual interrupt, which another daemon has") {
        host.xen.no_virq = true;
        const auto started = host.hypervisor.start(host.told, Hypervisor::Start::anew);
        REQUIRE_FALSE(started);
        CHECK(started.error() == "bind VIRQ_DOM_EXC: File exists");
    }
}

TEST_CASE("a death is told when it begins and when it is over, a shutdown while it lasts") {
    Host host;
    host.start();
    host.make(5);
    host.make(6);
    CHECK(host.hypervisor.exists(5));
    CHECK(host.hypervisor.exists(6));
    CHECK_FALSE(host.hypervisor.exists(7));
    host.xen.all[5].shut_down = true;
    host.look();
    CHECK(host.told.take() == "!5");
    host.xen.all[5].dying = true;
    host.look();
    CHECK(host.told.take() == "-5");
    CHECK(host.hypervisor.exists(5));
    host.xen.all.erase(5);
    host.look();
    CHECK(host.told.take() == "-5");
    host.look();
    CHECK(host.told.take().empty());
    CHECK(host.xen.masked.empty());
}

TEST_CASE("of deaths and shutdowns at once, those of the domain asked for last come first") {
    Host host;
    host.start();
    for (const xs::DomainId id : {xs::DomainId{5}, xs::DomainId{9}, xs::DomainId{7}}) {
        host.make(id);
        CHECK(host.hypervisor.exists(id));
    }
    host.xen.all.erase(9);
    host.xen.all[5].shut_down = true;
    host.xen.all[7].dying = true;
    host.look();
    CHECK(host.told.take() == "-7-9!5");
}

TEST_CASE("a domid that came back with another handle is the end of the first") {
    Host host;
    host.start();
    host.make(5, "first");
    CHECK(host.hypervisor.exists(5));
    host.make(5, "second");
    host.xen.pending.push_back(FakeXen::death_port);
    host.hypervisor.poll_events();
    CHECK(host.told.take() == "-5");
    CHECK(host.hypervisor.exists(5));
    host.look();
    CHECK(host.told.take().empty());
}

TEST_CASE("a list that cannot be had kills nobody") {
    Host host;
    host.start();
    host.make(5);
    CHECK(host.hypervisor.exists(5));
    host.xen.listing_fails = true;
    host.look();
    CHECK(host.told.take().empty());
    CHECK_FALSE(host.hypervisor.exists(6));
}

TEST_CASE("more domains than one call lists are all seen") {
    Host host;
    host.start();
    for (xs::DomainId id = 1; id <= 3000; ++id) {
        host.make(id);
        REQUIRE(host.hypervisor.exists(id));
    }
    host.xen.all.erase(2900);
    host.xen.listings = 0;
    host.look();
    CHECK(host.told.take() == "-2900");
    CHECK(host.xen.listings == 3);
}

TEST_CASE("a ring is the domain's grant, its named frame without one, domain 0's own page") {
    Host host;
    host.start();
    host.make(5);
    host.make(6);
    host.xen.granted.erase(6);
    {
        const auto granted = host.hypervisor.connect(5, 77, 1);
        const auto framed = host.hypervisor.connect(6, 88, 2);
        const auto own = host.hypervisor.connect(0, 0, 3);
        REQUIRE((granted && framed && own));
        CHECK(host.xen.mappings == std::set<std::string>{"grant 5", "frame 88", "domain 0"});
        CHECK(host.xen.bound == std::set<std::uint32_t>{101, 102, 103});
        (*framed)->notify();
        CHECK(host.xen.notified == std::vector<std::uint32_t>{102});
    }
    CHECK(host.xen.mappings.empty());
    CHECK(host.xen.bound.empty());
}

TEST_CASE("a channel that cannot be made leaves no mapping") {
    Host host;
    host.start();
    host.make(5);
    CHECK(host.hypervisor.connect(5, 0, 99).error() == xs::Error::einval);
    CHECK(host.hypervisor.connect(9, 0, 1).error() == xs::Error::einval);
    CHECK(host.xen.mappings.empty());
    CHECK(host.xen.bound.empty());
}

TEST_CASE("a domain that rings is told, one that is muted stays masked") {
    Host host;
    host.start();
    host.make(5);
    auto channel = host.hypervisor.connect(5, 0, 1);
    REQUIRE(channel);
    host.xen.pending = {101, 555, 101};
    host.hypervisor.ready({});
    CHECK(host.told.take() == "~5~5");
    CHECK(host.xen.masked == std::set<std::uint32_t>{555});
    (*channel)->mute();
    host.xen.pending = {101};
    host.hypervisor.ready({});
    CHECK(host.told.take().empty());
    CHECK(host.xen.masked.contains(101));
    channel->reset();
    channel = host.hypervisor.connect(5, 0, 1);
    REQUIRE(channel);
    host.xen.pending = {101};
    host.hypervisor.ready({});
    CHECK(host.told.take() == "~5");
}

TEST_CASE("one domain's storm of notifications ends a turn after a bounded number") {
    Host host;
    host.start();
    host.make(5);
    const auto channel = host.hypervisor.connect(5, 0, 1);
    REQUIRE(channel);
    host.xen.pending.assign(10'000, 101);
    host.hypervisor.ready({});
    CHECK(host.told.take().size() == 2 * 256);
}

TEST_CASE("started again, only what happened meanwhile to the domains asked for is told") {
    Host host;
    for (const xs::DomainId id : {xs::DomainId{4}, xs::DomainId{5}, xs::DomainId{6}}) {
        host.make(id, "sixteen bytes: " + std::to_string(id));
        host.xen.store_ports[id] = 10u + id;
    }
    CHECK(host.hypervisor.exists(5));
    CHECK(host.hypervisor.exists(6));
    host.xen.all[5].shut_down = true;
    host.xen.all[6].dying = true;
    REQUIRE(host.hypervisor.start(host.told, Hypervisor::Start::again));
    CHECK(host.told.take() == "-6!5");
    host.xen.all.erase(5);
    host.look();
    CHECK(host.told.take() == "-6-5");
}

TEST_CASE("a domain's handle is the one that it had when it was asked for") {
    Host host;
    host.start();
    host.make(5, "sixteen bytes: 1");
    CHECK(host.hypervisor.exists(5));
    const DomainHandle first = host.hypervisor.handle(5);
    CHECK(std::string(first.begin(), first.end()) == "sixteen bytes: 1");
    host.make(5, "sixteen bytes: 2");
    CHECK(host.hypervisor.handle(5) == first);
    CHECK(host.hypervisor.exists(5));
    CHECK(host.hypervisor.handle(5) != first);
    CHECK(host.hypervisor.handle(6) == DomainHandle{});
}

TEST_CASE("C goes on with the device and its ports, and gets the virtual interrupt") {
    Host host;
    host.start();
    host.make(5);
    CHECK(host.hypervisor.exists(5));
    const auto channel = host.hypervisor.connect(5, 0, 12);
    REQUIRE(channel);
    (*channel)->mute();
    host.xen.masked.insert(112);
    Handover handover;
    host.hypervisor.hand_over(handover, Hypervisor::Successor::ours);
    CHECK(handover.event_channels == -1);
    CHECK(host.xen.has_virq);
    host.hypervisor.hand_over(handover, Hypervisor::Successor::c);
    CHECK(handover.event_channels == host.xen.readable.get());
    CHECK(handover.local_ports == std::map<xs::DomainId, std::uint32_t>{{5, 112}});
    CHECK_FALSE(host.xen.has_virq);
    CHECK(host.xen.masked.empty());
    CHECK((::fcntl(handover.event_channels, F_GETFL) & O_NONBLOCK) == 0);

    // It could not be started: what happened meanwhile is found.
    host.xen.all.erase(5);
    host.hypervisor.take_back();
    CHECK(host.xen.has_virq);
    CHECK(host.told.take() == "-5");
    CHECK((::fcntl(handover.event_channels, F_GETFL) & O_NONBLOCK) != 0);
}

TEST_CASE("from C's ports it is known where the domains have theirs, and its device is closed") {
    Host host;
    host.xen.bound = {112};
    Handover handover;
    handover.event_channels = ::eventfd(0, EFD_CLOEXEC);
    handover.local_ports = {{5, 112}, {6, 113}};
    const auto ring_of = [](xs::DomainId id) {
        State::Connection connection;
        connection.ring = State::Ring{id, 0, 0, std::nullopt};
        return connection;
    };
    handover.state.connections[1] = ring_of(5);
    handover.state.connections[2] = ring_of(6);
    const int device = handover.event_channels;
    host.hypervisor.take_over(handover);
    CHECK(handover.state.connections[1].ring->port == 12);
    CHECK(handover.state.connections[2].ring->port == 0);
    CHECK(::fcntl(device, F_GETFD) == -1);
}
