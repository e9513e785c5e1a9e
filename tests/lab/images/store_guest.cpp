// See README.md.
#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

#include "self_test/check_list.hpp"
#include "xen/console_ring.hpp"
#include "xen/event_channels.hpp"
#include "xen/hypercall.hpp"
#include "xen/panic.hpp"
#include "xen/start.hpp"
#include "xen/store_ring.hpp"
#include "xs_wire/message.hpp"
#include "xs_wire/ring.hpp"

namespace {

using namespace stemma;
using namespace std::string_view_literals;
using namespace std::string_literals;
using xs::MessageType;

class Store {
  public:
    explicit Store(const xen::StoreRing& ring)
        : ring_(ring), end_(ring.page, xs::RingEnd::Side::client) {}

    void send(MessageType type, std::string_view payload, std::uint32_t transaction = 0) {
        std::array<std::byte, xs::Header::size> header{};
        xs::Header{type, 0, transaction, static_cast<std::uint32_t>(payload.size())}.write(header);
        send(header);
        send(std::as_bytes(std::span(payload)));
        xen::notify(ring_.port);
    }
    void send(std::span<const std::byte> bytes) {
        while (!bytes.empty()) {
            const auto count = end_.write(bytes);
            if (!count) return;
            bytes = bytes.subspan(*count);
            if (!bytes.empty()) wait();
        }
    }
    // The payload of the next reply that is no event.
    std::string receive() {
        for (;;) {
            std::array<std::byte, xs::Header::size> bytes{};
            receive(bytes);
            const auto header = xs::Header::read(bytes);
            std::string payload(std::min<std::size_t>(header.length, xs::payload_max), '\0');
            receive(std::as_writable_bytes(std::span(payload)));
            if (header.type != MessageType::watch_event) return payload;
        }
    }
    std::string ask(MessageType type, std::string_view payload, std::uint32_t transaction = 0) {
        send(type, payload, transaction);
        return receive();
    }
    void write(std::string_view path, std::string_view value, std::uint32_t transaction = 0) {
        ask(MessageType::write, (std::string(path) + '\0').append(value), transaction);
    }
    // The peer's word, or our own as the peer sees it.
    void set(std::size_t word, std::uint32_t value) {
        std::memcpy(ring_.page + word, &value, sizeof value);
        xen::notify(ring_.port);
    }
    xen::Port port() const { return ring_.port; }

  private:
    void receive(std::span<std::byte> room) {
        while (!room.empty()) {
            const auto count = end_.read(room);
            if (!count) xen::panic("xenstored's index lies");
            room = room.subspan(*count);
            if (*count > 0) xen::notify(ring_.port);
            if (!room.empty() && *count == 0) wait();
        }
    }
    void wait() {
        std::array ports{ring_.port};
        xen::sleep_until(ports, 0);
        xen::take_pending(ring_.port);
    }

    xen::StoreRing ring_;
    xs::RingEnd end_;
};

// Ring words that this end owns, set so that the other must see a lie; then it keeps ringing, for
// a daemon that must not be kept busy by it.
[[noreturn]] void lie(Store& store, std::size_t word) {
    store.send(MessageType::get_domain_path, "1\0"sv);
    store.set(word, 0x12345678);
    for (;;)
        xen::notify(store.port());
}

std::string number(std::uint64_t value) {
    char digits[20];
    return {digits, std::to_chars(digits, digits + sizeof digits, value).ptr};
}

[[noreturn]] void measure(Store& store) {
    store.write("data/count", "0");
    for (std::uint64_t count = 1;; ++count) {
        store.ask(MessageType::read, "data/count\0"sv);
        if (count % 16 == 0) store.write("data/count", number(count));
    }
}

[[noreturn]] void play(std::string_view role, Store& store) {
    if (role == "measure") measure(store);
    if (role == "burn") {
        for (;;)
            asm volatile("");
    }
    if (role == "lie-request-index") lie(store, xs::ring_page::request_producer);
    if (role == "lie-reply-index") lie(store, xs::ring_page::reply_consumer);
    if (role == "oversized") {
        std::array<std::byte, xs::Header::size> header{};
        xs::Header{MessageType::write, 0, 0, 0xffffffff}.write(header);
        for (;;) {
            store.send(header);
            xen::notify(store.port());
        }
    }
    if (role == "flood-watches") {
        for (std::uint64_t i = 0;; ++i)
            store.ask(MessageType::watch, "data\0"s + number(i) + '\0');
    }
    if (role == "flood-transactions") {
        for (std::uint64_t i = 0;; ++i) {
            const std::string id = store.ask(MessageType::transaction_start, "\0"sv);
            std::uint32_t transaction = 0;
            std::from_chars(id.data(), id.data() + id.size(), transaction);
            if (transaction != 0) store.write("data/" + number(i), "x", transaction);
        }
    }
    if (role == "flood-writes") {
        for (std::uint64_t i = 0;; ++i) {
            const std::string path = "data/" + number(i % 64);
            store.write(path, number(i));
            if (i % 3 == 0) store.ask(MessageType::rm, path + '\0');
        }
    }
    if (role == "unread") {
        for (;;)
            store.send(MessageType::directory, "/\0"sv);
    }
    if (role == "flood-events") {
        for (;;)
            xen::notify(store.port());
    }
    xen::panic("role= is missing or unknown");
}

}  // namespace

void stemma::xen::image_main(const BootInformation& boot) {
    ConsoleRing console;
    const auto ring = StoreRing::find();
    if (!ring) panic("no XenStore ring");
    Store store(*ring);
    const auto at = boot.command_line.find("role=");
    std::string_view role;
    if (at != std::string_view::npos) role = boot.command_line.substr(at + 5);
    role = role.substr(0, role.find(' '));
    console.line("store_guest: " + std::string(role));
    play(role, store);
}

// All that it does it does to xenstored.
void stemma::self_test::check_guest(CheckList&, rt::Entropy&) {}
