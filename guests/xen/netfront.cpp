#include "xen/netfront.hpp"

#include <algorithm>
#include <new>
#include <utility>

#include "net/text.hpp"
#include "xs_wire/path.hpp"

namespace stemma::xen {

namespace {

using rt::StoreResult;

constexpr std::size_t pages = 2 + 2 * NetRings::slots;
constexpr const char* broken_rules = "the backend broke the rings' rules";
// enum xenbus_state, as far as it matters here.
enum class XenbusState : std::uint32_t { init_wait = 2, connected = 4, closing = 5, closed = 6 };

}  // namespace

NetFront::NetFront(unsigned number, rt::Store& store, GrantTable& grants)
    : store_(&store), grants_(&grants), path_("device/vif/" + std::to_string(number)) {}

// All at once: the answers come in the order of the questions.
void NetFront::begin() {
    read(path_ + "/backend-id", &NetFront::take_backend_domain, true);
    read(path_ + "/mac", &NetFront::take_mac, true);
    read(path_ + "/mtu", &NetFront::take_mtu, false);
    read(path_ + "/backend", &NetFront::take_backend, true);
}

void NetFront::read(const std::string& path, Taken take, bool required) {
    const bool sent = store_->read(path, [this, path, take, required](StoreResult result) {
        if (state_ == State::closed) return;
        if (result) return (this->*take)(*result);
        if (required) close(path + " cannot be read");
    });
    if (!sent) close("XenStore takes no requests");
}

void NetFront::take_backend_domain(std::string_view value) {
    const auto domain = net::parse_number(value, UINT16_MAX);
    if (!domain || *domain >= xs::domid_first_reserved) return close("backend-id is no domain");
    backend_domain_ = static_cast<std::uint16_t>(*domain);
}

void NetFront::take_mac(std::string_view value) {
    const auto mac = net::parse_mac(value);
    if (!mac) return close("mac is no address");
    mac_ = *mac;
}

void NetFront::take_mtu(std::string_view value) {
    const auto mtu = net::parse_number(value, UINT16_MAX);
    if (mtu && *mtu >= 576 && *mtu <= NetRings::frame_max - 14) mtu_ = *mtu;
}

void NetFront::take_backend(std::string_view value) {
    backend_ = value;
    state_ = State::waiting;
    trouble_ = "its backend, " + backend_;
    const auto follow = [this](std::string_view) {
        read(backend_ + "/state", &NetFront::take_backend_state, true);
    };
    const auto watched = store_->watch(backend_ + "/state", follow, [this](StoreResult result) {
        if (!result) close("the backend's state cannot be watched");
    });
    if (!watched) close("XenStore takes no watch");
}

void NetFront::take_backend_state(std::string_view value) {
    const auto state = net::parse_number(value, UINT16_MAX);
    if (!state) return;
    switch (static_cast<XenbusState>(*state)) {
        case XenbusState::init_wait:
            if (!offered_) offer();
            return;
        case XenbusState::connected:
            if (offered_) state_ = State::connected;
            return;
        case XenbusState::closing:
        case XenbusState::closed:
            if (!offered_) return;  // left by an earlier frontend: it will come to init_wait
            write("state", std::to_underlying(XenbusState::closed));
            return close("its backend closed");
    }
}

bool NetFront::allocate() {
    pages_ = static_cast<std::byte*>(
        ::operator new (pages* NetRings::page_size, std::align_val_t{NetRings::page_size}));
    std::fill_n(pages_, pages * NetRings::page_size, std::byte{});
    page_grants_.reserve(pages);
    for (std::size_t i = 0; i < pages; ++i) {
        const auto grant = grants_->share(backend_domain_, pages_ + i * NetRings::page_size);
        if (!grant) return false;
        page_grants_.push_back(*grant);
    }
    event_channel_ = allocate_port(backend_domain_);
    return event_channel_.has_value();
}

void NetFront::offer() {
    if (!allocate()) return close("out of grants or event channels");
    constexpr std::size_t page = NetRings::page_size;
    const std::span grants(page_grants_);
    rings_ = std::make_unique<NetRings>(NetRings::Memory{
        pages_, pages_ + page, pages_ + 2 * page, pages_ + (2 + NetRings::slots) * page,
        grants.subspan(2, NetRings::slots), grants.subspan(2 + NetRings::slots, NetRings::slots)});
    rings_->publish();
    write("tx-ring-ref", page_grants_[0]);
    write("rx-ring-ref", page_grants_[1]);
    write("event-channel", *event_channel_);
    write("request-rx-copy", 1);
    write("feature-rx-notify", 1);
    // Without this word checksum offload counts as wanted, and NAT would have to carry half sums.
    write("feature-no-csum-offload", 1);
    write("feature-ipv6-csum-offload", 0);
    offered_ = true;
    write("state", std::to_underlying(XenbusState::connected));
}

void NetFront::write(const char* key, std::uint32_t value) {
    const bool sent =
        store_->write(path_ + '/' + key, std::to_string(value), [this, key](StoreResult result) {
            if (!result) close(std::string(key) + " cannot be written");
        });
    if (!sent) close("XenStore takes no requests");
}

void NetFront::close(std::string why) {
    state_ = State::closed;
    trouble_ = std::move(why);
}

std::size_t NetFront::receive(rt::FrameSink& sink, std::size_t budget) {
    if (state_ != State::connected) return 0;
    const std::size_t count = rings_->receive(sink, budget, counters_);
    if (rings_->broken()) close(broken_rules);
    return count;
}

std::span<std::uint8_t> NetFront::reserve(std::size_t size) {
    if (state_ == State::connected) return rings_->reserve(size, counters_);
    ++counters_.send_refused;
    return {};
}

void NetFront::send_reserved(std::size_t size) {
    if (state_ == State::connected) rings_->send_reserved(size, counters_);
}

void NetFront::flush() {
    if (state_ == State::connected && rings_->publish()) notify(*event_channel_);
}

bool NetFront::arm() {
    if (state_ != State::connected) return false;
    const bool more = rings_->arm(counters_);
    if (!rings_->broken()) return more;
    close(broken_rules);
    return true;
}

}  // namespace stemma::xen
