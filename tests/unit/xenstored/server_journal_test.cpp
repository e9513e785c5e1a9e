// What the server writes into its journal is, record by record, what it does.
#include <catch2/catch.hpp>
#include <random>

#include "harness.hpp"
#include "state_text.hpp"
#include "xenstored/record_player.hpp"

using namespace stemma;
using namespace stemma::xenstored;
using namespace stemma::xenstored::test;
using namespace std::string_literals;

namespace {

// Plays what it is given, at once.
class PlayingJournal final : public Journal {
  public:
    explicit PlayingJournal(State begin) : state(std::move(begin)) {}
    void commit(std::string_view records) override {
        ++commits;
        const auto played = play(state, records);
        INFO((played ? "" : played.error()));
        CHECK(played);
    }
    bool wants_checkpoint() override { return false; }
    void checkpoint(State) override {}

    State state;
    int commits = 0;
};

State without_descriptors(State state) {
    for (auto& [id, client] : state.connections)
        client.descriptor = -1;
    return state;
}

// Random requests of sockets and domains, with all that the daemon keeps for them.
class Traffic {
  public:
    Traffic(Lab& lab, unsigned seed) : lab_(&lab), random_(seed) {
        for (int i = 0; i < 3; ++i)
            sockets_.push_back(lab.socket());
        for (xs::DomainId id = 1; id <= 3; ++id) {
            domains_.push_back(std::make_unique<RingClient>(lab.domain(id)));
            sockets_[0].mkdir(xs::domain_path(id));
            sockets_[0].set_perms(xs::domain_path(id), "n" + std::to_string(id));
        }
    }

    void step() {
        switch (below(20)) {
            case 0:
                lab_->clock.advance(std::chrono::seconds(below(15)));
                return lab_->server.expire();
            case 1:
                if (below(3) != 0) return;
                sockets_[1 + below(2)].wire->room = below(2) == 0 ? SIZE_MAX : below(60);
                return;
            case 2:
                return again();
            case 3:
                return reconnect();
            case 4:
                // half a request, whose rest comes with the next
                sockets_[below(3)].wire->to_server +=
                    encoded(MessageType::read, "/tool\0"s, 0).substr(0, 1 + below(19));
                for (auto& socket : sockets_)
                    lab_->server.serve(socket.id());
                return lab_->settle();
            default: {
                Client& client = below(2) == 0 ? static_cast<Client&>(sockets_[0])
                                               : static_cast<Client&>(*domains_[below(3)]);
                return request(client);
            }
        }
    }

  private:
    std::size_t below(std::size_t bound) {
        return std::uniform_int_distribution<std::size_t>(0, bound - 1)(random_);
    }
    std::string path() {
        std::string made = below(2) == 0 ? "/local/domain/" + std::to_string(1 + below(3)) : "/a";
        for (std::size_t depth = below(3); depth > 0; --depth)
            made += "/n" + std::to_string(below(3));
        return made;
    }
    void request(Client& client) {
        const std::uint32_t transaction =
            below(3) == 0 ? 1 + static_cast<std::uint32_t>(below(9)) : 0;
        const std::string token = std::to_string(below(3));
        switch (below(14)) {
            case 0:
            case 1:
            case 2:
                client.write(path(), std::string(below(40), 'v'), transaction);
                break;
            case 3:
                client.mkdir(path(), transaction);
                break;
            case 4:
                client.rm(path(), transaction);
                break;
            case 5:
                client.set_perms(path(),
                                 "n" + std::to_string(below(4)) + " r" + std::to_string(below(4)),
                                 transaction);
                break;
            case 6:
                client.watch(below(6) == 0 ? "@releaseDomain"s : path(), token);
                break;
            case 7:
                client.unwatch(path(), token);
                break;
            case 8:
                client.ask(MessageType::transaction_start, "\0"s);
                break;
            case 9:
                below(2) == 0 ? client.commit(transaction) : client.abort(transaction);
                break;
            case 10:
                client.ask(MessageType::reset_watches, "\0"s);
                break;
            case 11:
                client.ask(MessageType::set_target, parts({"1", "2"}));
                break;
            case 12:
                client.ask(MessageType::set_quota,
                           below(2) == 0 ? parts({"2", "nodes", "99"}) : parts({"watches", "50"}));
                break;
            default:
                client.read(path(), transaction);
        }
        client.take_events();
    }
    // INTRODUCE of a domain that is there, its death, and another of its id.
    void again() {
        const auto which = below(3);
        const auto id = static_cast<xs::DomainId>(1 + which);
        if (below(2) == 0) {
            lab_->kill(id);
            domains_[which] = std::make_unique<RingClient>(lab_->domain(id));
            return;
        }
        sockets_[0].ask(MessageType::introduce, parts({std::to_string(id), "1", "1"}));
        domains_[which] = std::make_unique<RingClient>(*lab_, id, lab_->hypervisor.pages.at(id));
    }
    void reconnect() {
        const auto which = below(3);
        const auto id = static_cast<xs::DomainId>(1 + which);
        const std::uint32_t asks = 1;
        std::memcpy(lab_->hypervisor.pages.at(id)->bytes.data() + xs::ring_page::connection, &asks,
                    sizeof asks);
        lab_->server.domain_notified(id);
        lab_->settle();
        domains_[which] = std::make_unique<RingClient>(*lab_, id, lab_->hypervisor.pages.at(id));
    }

    Lab* lab_;
    std::mt19937 random_;
    std::vector<SocketClient> sockets_;
    std::vector<std::unique_ptr<RingClient>> domains_;
};

}  // namespace

TEST_CASE("the journal's records, played back, are what the daemon has at each moment") {
    for (unsigned seed = 0; seed < 12; ++seed) {
        Lab lab;
        PlayingJournal journal(without_descriptors(lab.server.capture()));
        lab.server.set_journal(&journal);
        Traffic traffic(lab, seed);
        for (int i = 0; i < 250; ++i) {
            traffic.step();
            lab.server.settle();
            CAPTURE(seed, i);
            REQUIRE(state_text(journal.state) ==
                    state_text(without_descriptors(lab.server.capture())));
        }
        CHECK(journal.commits > 100);
    }
}

TEST_CASE("nothing that a domain can see moves before it is committed") {
    class Looking final : public Journal {
      public:
        explicit Looking(Lab& lab) : lab_(&lab) {}
        void commit(std::string_view) override {
            std::array<std::uint32_t, 4> now;
            std::memcpy(
                now.data(),
                lab_->hypervisor.pages.at(5)->bytes.data() + xs::ring_page::request_consumer,
                sizeof now);
            seen.push_back(now);
        }
        bool wants_checkpoint() override { return false; }
        void checkpoint(State) override {}
        std::vector<std::array<std::uint32_t, 4>> seen;

      private:
        Lab* lab_;
    };
    Lab lab;
    auto guest = lab.domain(5);
    Looking journal(lab);
    lab.server.set_journal(&journal);
    guest.send(encoded(MessageType::read, "/tool\0"s, 0));
    guest.receive();
    REQUIRE(guest.received.size() == 1);
    // At the commit the request lay there unread, and no reply.
    REQUIRE(journal.seen.size() == 1);
    CHECK(journal.seen[0] == std::array<std::uint32_t, 4>{0, 22, 0, 0});
}

TEST_CASE("a domain's rings are found where the journal says, whatever its page says") {
    Lab lab;
    auto guest = lab.domain(5);
    CHECK(guest.read("/tool") == "!EACCES");
    CHECK(guest.read("/tool") == "!EACCES");
    const auto page = lab.hypervisor.pages.at(5);
    lab.restart([&] {
        // As it is after a crash between the commit and the move of the indexes.
        const std::uint32_t behind = 22;
        std::memcpy(page->bytes.data() + xs::ring_page::request_consumer, &behind, sizeof behind);
    });
    CHECK(guest.read("/tool") == "!EACCES");
    CHECK(guest.received.empty());
}
