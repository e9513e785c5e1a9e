// What the tests put around the daemon's core: a clock set by hand, a hypervisor whose domains are
// made by the test, and clients on pipes of bytes or on rings.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "xenstored/clock.hpp"
#include "xenstored/hypervisor.hpp"
#include "xenstored/migration_stream.hpp"
#include "xenstored/ring_transport.hpp"
#include "xenstored/server.hpp"
#include "xs_wire/message.hpp"
#include "xs_wire/ring.hpp"

namespace stemma::xenstored::test {

using xs::MessageType;

class ManualClock final : public Clock {
  public:
    Moment now() override { return now_; }
    store::Time wall() override { return store::Time(std::chrono::seconds(1'700'000'000)); }
    void advance(std::chrono::milliseconds by) { now_ += by; }

  private:
    Moment now_{};
};

// One domain's page, which the test, too, may scribble on.
struct Page {
    alignas(8) std::array<std::byte, xs::ring_page::size> bytes{};
    int notified = 0;         // times the daemon rang
    std::uint8_t serial = 0;  // tells one domain from the next of its id
    bool bound = false;
    bool muted = false;
};

class FakeHypervisor final : public Hypervisor {
  public:
    std::expected<void, std::string> start(HypervisorEvents&, Start) override { return {}; }
    void ready(const Poller::Ready&) override {}
    void poll_events() override {}
    bool exists(xs::DomainId domain) override { return domain == 0 || pages.contains(domain); }
    std::expected<std::unique_ptr<DomainChannel>, xs::Error> connect(xs::DomainId domain,
                                                                     std::uint64_t,
                                                                     std::uint32_t port) override {
        const auto page = pages.find(domain);
        if (page == pages.end() || port != store_port) return std::unexpected(xs::Error::einval);
        return std::make_unique<Channel>(page->second);
    }

    void hand_over(Handover&, Successor) override {}
    void take_over(Handover&) override {}
    DomainHandle handle(xs::DomainId domain) override {
        const auto page = pages.find(domain);
        return page == pages.end() ? DomainHandle{} : DomainHandle{page->second->serial};
    }

    std::map<xs::DomainId, std::shared_ptr<Page>> pages;
    std::uint32_t store_port = 1;  // of every domain

  private:
    class Channel final : public DomainChannel {
      public:
        explicit Channel(std::shared_ptr<Page> page) : page_(std::move(page)) {
            page_->bound = true;
        }
        ~Channel() override { page_->bound = false; }
        std::byte* page() override { return page_->bytes.data(); }
        void notify() override { ++page_->notified; }
        void mute() override { page_->muted = true; }

      private:
        std::shared_ptr<Page> page_;
    };
};

class RecordingHistory final : public History {
  public:
    struct Entry {
        xs::DomainId domain;
        bool one_write;
        std::vector<std::string> paths;
    };
    void record(const VisibleChange& change) override {
        entries.push_back({change.domain.id, change.one_write,
                           std::vector<std::string>(change.paths.begin(), change.paths.end())});
    }
    std::vector<Entry> entries;
};

struct Message {
    xs::Header header;
    std::string payload;

    bool is_event() const { return header.type == MessageType::watch_event; }
};

// A message as one line: "WATCH_EVENT path token" with NULs as '|', "ERROR ENOENT|", "ok OK|".
inline std::string shown(std::string text) {
    std::ranges::replace(text, '\0', '|');
    return text;
}

struct Wire {
    std::string to_server;
    std::string to_client;
    std::size_t room = SIZE_MAX;  // bytes the client still takes
    bool closed_by_client = false;
    bool alive = true;    // the server has not closed
    int descriptor = -1;  // Lab's number for it
    bool readable_wanted = true;
    bool writable_wanted = false;
};

class WireTransport final : public Transport {
  public:
    explicit WireTransport(std::shared_ptr<Wire> wire) : wire_(std::move(wire)) {
        wire_->alive = true;
    }
    ~WireTransport() override { wire_->alive = false; }

    std::expected<std::size_t, End> read(std::span<std::byte> room) override {
        if (wire_->to_server.empty() && wire_->closed_by_client) {
            return std::unexpected(End::closed);
        }
        const std::size_t count = std::min(room.size(), wire_->to_server.size());
        std::memcpy(room.data(), wire_->to_server.data(), count);
        wire_->to_server.erase(0, count);
        return count;
    }
    std::expected<std::size_t, End> write(
        std::span<const std::span<const std::byte>> parts) override {
        std::size_t total = 0;
        for (const auto part : parts) {
            const std::size_t count = std::min(part.size(), wire_->room);
            wire_->to_client.append(reinterpret_cast<const char*>(part.data()), count);
            wire_->room -= count;
            total += count;
            if (count < part.size()) break;
        }
        return total;
    }
    void interest(bool readable, bool writable) override {
        wire_->readable_wanted = readable;
        wire_->writable_wanted = writable;
    }
    void finish_turn() override {}
    int descriptor() const override { return wire_->descriptor; }

  private:
    std::shared_ptr<Wire> wire_;
};

// Strings, each with its NUL, as most payloads have them.
inline std::string parts(std::initializer_list<std::string_view> strings) {
    std::string payload;
    for (const auto text : strings)
        payload.append(text) += '\0';
    return payload;
}

inline std::string encoded(MessageType type, std::string_view payload, std::uint32_t transaction,
                           std::uint32_t request = 7) {
    std::string bytes(xs::Header::size, '\0');
    xs::Header{type, request, transaction, static_cast<std::uint32_t>(payload.size())}.write(
        std::as_writable_bytes(std::span(bytes)).first<xs::Header::size>());
    return bytes.append(payload);
}

// Takes whole messages off the front of `bytes`.
inline std::vector<Message> decoded(std::string& bytes) {
    std::vector<Message> messages;
    while (bytes.size() >= xs::Header::size) {
        const auto header =
            xs::Header::read(std::as_bytes(std::span(bytes)).first<xs::Header::size>());
        if (bytes.size() < xs::Header::size + header.length) break;
        messages.push_back({header, bytes.substr(xs::Header::size, header.length)});
        bytes.erase(0, xs::Header::size + header.length);
    }
    return messages;
}

struct Lab;

// A client's view: requests one by one, replies and events in the order they came.
class Client {
  public:
    Client(Lab& lab, ConnectionId id) : lab_(&lab), id_(id) {}
    virtual ~Client() = default;

    // Sends a request and gives the reply's text: "OK|", or "!ENOENT" for an error. Events that
    // came before and after it are kept in `events`.
    std::string ask(MessageType type, std::string_view payload, std::uint32_t transaction = 0);

    // With one NUL behind the path.
    std::string ask_path(MessageType type, std::string_view path, std::uint32_t transaction = 0) {
        return ask(type, parts({path}), transaction);
    }
    std::string read(std::string_view path, std::uint32_t transaction = 0) {
        return ask_path(MessageType::read, path, transaction);
    }
    std::string write(std::string_view path, std::string_view value,
                      std::uint32_t transaction = 0) {
        return ask(MessageType::write, parts({path}).append(value), transaction);
    }
    std::string rm(std::string_view path, std::uint32_t transaction = 0) {
        return ask_path(MessageType::rm, path, transaction);
    }
    std::string mkdir(std::string_view path, std::uint32_t transaction = 0) {
        return ask_path(MessageType::mkdir, path, transaction);
    }
    std::string list(std::string_view path, std::uint32_t transaction = 0) {
        return ask_path(MessageType::directory, path, transaction);
    }
    std::string perms(std::string_view path, std::uint32_t transaction = 0) {
        return ask_path(MessageType::get_perms, path, transaction);
    }
    // `entries`: "n0 r5"
    std::string set_perms(std::string_view path, std::string_view entries,
                          std::uint32_t transaction = 0) {
        std::string payload = std::string(path) + ' ' + std::string(entries) + ' ';
        std::ranges::replace(payload, ' ', '\0');
        return ask(MessageType::set_perms, payload, transaction);
    }
    std::string watch(std::string_view path, std::string_view token) {
        return ask(MessageType::watch, parts({path, token}));
    }
    std::string unwatch(std::string_view path, std::string_view token) {
        return ask(MessageType::unwatch, parts({path, token}));
    }
    std::uint32_t start() {
        const std::string id = ask(MessageType::transaction_start, std::string_view("\0", 1));
        return id.starts_with('!') ? 0 : static_cast<std::uint32_t>(std::stoul(id));
    }
    std::string commit(std::uint32_t transaction) {
        return ask(MessageType::transaction_end, std::string_view("T\0", 2), transaction);
    }
    std::string abort(std::uint32_t transaction) {
        return ask(MessageType::transaction_end, std::string_view("F\0", 2), transaction);
    }

    // Events so far, "path|token|", and forgets them.
    std::vector<std::string> take_events();

    ConnectionId id() const { return id_; }
    virtual void send(std::string_view bytes) = 0;
    virtual void receive() = 0;

    std::vector<Message> received;  // all that came and was not taken yet

  protected:
    Lab* lab_;
    ConnectionId id_;
};

class SocketClient final : public Client {
  public:
    SocketClient(Lab& lab, ConnectionId id, std::shared_ptr<Wire> its_wire)
        : Client(lab, id), wire(std::move(its_wire)) {}
    void send(std::string_view bytes) override { wire->to_server.append(bytes); }
    void receive() override {
        for (Message& message : decoded(wire->to_client))
            received.push_back(std::move(message));
    }
    std::shared_ptr<Wire> wire;
};

// A domain with a client's end of the ring.
class RingClient final : public Client {
  public:
    RingClient(Lab& lab, xs::DomainId domid, std::shared_ptr<Page> its_page)
        : Client(lab, {}),
          domain(domid),
          page(std::move(its_page)),
          ring(page->bytes.data(), xs::RingEnd::Side::client) {}
    void send(std::string_view bytes) override { waiting_.append(bytes); }
    void receive() override;

    xs::DomainId domain;
    std::shared_ptr<Page> page;
    xs::RingEnd ring;
    int held_back = 0;  // replies are read no more while positive

  private:
    std::string waiting_;
    std::string incoming_;
};

// The whole: a server with all that it needs.
struct Lab {
    // `kept`: where changes go instead of `history`.
    explicit Lab(Server::Settings settings = {}, History* kept = nullptr)
        : settings_(settings),
          kept_(kept ? kept : &history),
          server(settings, hypervisor, *kept_, clock) {}

    // The daemon's process ends, `between()` happens, and another one goes on.
    template <class Between>
    void restart(Between between) {
        State state = server.capture();
        if (through_stream) {
            Handover handover;
            handover.state = state;
            state = read_stream(write_stream(handover, {2, true}))->state;
        }
        std::destroy_at(&server);
        between();
        std::construct_at(&server, settings_, hypervisor, *kept_, clock);
        server.restore(state, [&](ConnectionId, int descriptor) -> std::unique_ptr<Transport> {
            const auto wire = wires_.find(descriptor);
            if (wire == wires_.end()) return nullptr;
            return std::make_unique<WireTransport>(wire->second);
        });
    }
    void restart() {
        restart([] {});
    }

    SocketClient socket() {
        auto wire = std::make_shared<Wire>();
        wire->descriptor = static_cast<int>(wires_.size());
        wires_.emplace(wire->descriptor, wire);
        return {*this, server.connect(std::make_unique<WireTransport>(wire)), wire};
    }

    // Makes the domain in the hypervisor and introduces it.
    RingClient domain(xs::DomainId id) {
        make(id);
        SocketClient tool = socket();
        const std::string number = std::to_string(id);
        tool.ask(MessageType::introduce, number + std::string("\0"
                                                              "1\0"
                                                              "1\0",
                                                              5));
        server.disconnect(tool.id());
        return {*this, id, hypervisor.pages.at(id)};
    }
    // The same, and `tool` gives it /local/domain/ID.
    RingClient domain_with_home(xs::DomainId id, Client& tool) {
        RingClient made = domain(id);
        tool.mkdir(xs::domain_path(id));
        tool.set_perms(xs::domain_path(id), "n" + std::to_string(id));
        return made;
    }
    std::shared_ptr<Page> make(xs::DomainId id) {
        const auto page = std::make_shared<Page>();
        page->serial = ++made_;
        hypervisor.pages[id] = page;
        return page;
    }
    void kill(xs::DomainId id) {
        hypervisor.pages.erase(id);
        server.domain_gone(id);
        settle();
    }

    // Turns of the loop until nothing is left to do.
    void settle() {
        do {
            server.run_turns();
            server.flush();
        } while (server.has_turns_due());
    }
    void serve(Client& client) {
        server.serve(client.id());
        settle();
        client.receive();
    }

    // What must hold after every request.
    bool consistent() {
        return NodeCounts::of_tree(server.tree().head().root()) == server.tree().counts();
    }

    bool through_stream = false;  // restart() hands over as live update does
    ManualClock clock;
    FakeHypervisor hypervisor;
    RecordingHistory history;

  private:
    std::map<int, std::shared_ptr<Wire>> wires_;
    std::uint8_t made_ = 0;
    Server::Settings settings_;
    History* kept_;

  public:
    Server server;
};

inline void RingClient::receive() {
    for (int turn = 0; turn < 64; ++turn) {
        const auto sent = ring.write(std::as_bytes(std::span(waiting_)));
        waiting_.erase(0, sent.value_or(0));
        lab_->server.domain_notified(domain);
        lab_->settle();
        std::array<std::byte, 2048> buffer;
        const auto got = held_back > 0 ? std::size_t{0} : ring.read(buffer).value_or(0);
        incoming_.append(reinterpret_cast<const char*>(buffer.data()), got);
        if (got == 0 && waiting_.empty()) break;
    }
    for (Message& message : decoded(incoming_))
        received.push_back(std::move(message));
}

inline std::string Client::ask(MessageType type, std::string_view payload,
                               std::uint32_t transaction) {
    send(encoded(type, payload, transaction));
    lab_->serve(*this);
    const auto reply =
        std::ranges::find_if(received, [](const Message& m) { return !m.is_event(); });
    if (reply == received.end()) return "nothing";
    std::string text = shown(reply->payload);
    if (reply->header.type == MessageType::error) {
        text = "!" + text.substr(0, text.size() - 1);
    } else if (reply->header.type != type) {
        text = "of another type";
    }
    received.erase(reply);
    return text;
}

inline std::vector<std::string> Client::take_events() {
    lab_->settle();
    receive();
    std::vector<std::string> events;
    for (const Message& message : received) {
        if (message.is_event()) events.push_back(shown(message.payload));
    }
    std::erase_if(received, [](const Message& m) { return m.is_event(); });
    return events;
}

}  // namespace stemma::xenstored::test
