// The same random requests to two daemons, of which one is ended and restored now and then, in the
// middle of requests and replies. Both must say the same, byte for byte; only a transaction that
// was open at a restart may differ, by EAGAIN.
#include <catch2/catch.hpp>
#include <memory>
#include <random>
#include <set>

#include "harness.hpp"

using namespace stemma;
using namespace stemma::xenstored;
using namespace stemma::xenstored::test;

namespace {

constexpr std::size_t sockets = 2;
constexpr std::size_t guests = 2;
constexpr std::size_t clients = sockets + guests;

struct Side {
    Side() {
        for (std::size_t i = 0; i < sockets; ++i) {
            auto client = std::make_unique<SocketClient>(lab.socket());
            wires.push_back(client->wire);
            all.push_back(std::move(client));
        }
        for (std::size_t i = 0; i < guests; ++i) {
            const auto id = static_cast<xs::DomainId>(i + 1);
            const std::string home = "/local/domain/" + std::to_string(id);
            auto client = std::make_unique<RingClient>(lab.domain(id));
            all[0]->mkdir(home);
            all[0]->set_perms(home, "n" + std::to_string(id));
            rings.push_back(client.get());
            all.push_back(std::move(client));
        }
    }
    // Everybody reads all there is.
    void drain() {
        for (const auto& wire : wires)
            wire->room = SIZE_MAX;
        for (RingClient* ring : rings)
            ring->held_back = 0;
        for (const auto& client : all)
            lab.serve(*client);
        for (const auto& client : all)
            client->receive();
    }

    Lab lab;
    std::vector<std::unique_ptr<Client>> all;
    std::vector<std::shared_ptr<Wire>> wires;
    std::vector<RingClient*> rings;
};

struct Pair {
    Side stays, restarts;
    // Bytes that each client has begun to send.
    std::array<std::string, clients> rest;
    std::array<std::set<std::uint32_t>, clients> open;
    std::array<std::set<std::uint32_t>, clients> doomed;
    std::array<int, clients> unanswered{};
    std::size_t restarted = 0, conflicts = 0, compared = 0;

    void send(std::size_t who, std::size_t count) {
        const std::string part = rest[who].substr(0, count);
        rest[who].erase(0, count);
        for (Side* side : {&stays, &restarts}) {
            side->all[who]->send(part);
            side->lab.serve(*side->all[who]);
        }
    }

    void compare() {
        for (std::size_t who = 0; who < clients; ++who)
            send(who, rest[who].size());
        stays.drain();
        restarts.drain();
        for (std::size_t who = 0; who < clients; ++who) {
            auto& expected = stays.all[who]->received;
            auto& seen = restarts.all[who]->received;
            REQUIRE(seen.size() == expected.size());
            for (std::size_t i = 0; i < seen.size(); ++i) {
                REQUIRE(shown(seen[i].payload) == shown(expected[i].payload));
                REQUIRE(seen[i].header.type == expected[i].header.type);
                REQUIRE(seen[i].header.request_id == expected[i].header.request_id);
                ++compared;
            }
            for (const Message& message : seen) {
                if (message.header.type == MessageType::transaction_start) {
                    open[who].insert(static_cast<std::uint32_t>(std::stoul(message.payload)));
                }
            }
            seen.clear();
            expected.clear();
            unanswered[who] = 0;
        }
        REQUIRE(restarts.lab.consistent());
        REQUIRE(stays.lab.consistent());
    }

    void restart() {
        for (std::size_t who = 0; who < clients; ++who) {
            if (open[who].empty()) continue;
            send(who, rest[who].size());  // or it would be answered from another tree
            doomed[who].merge(open[who]);
            open[who].clear();
        }
        restarts.lab.through_stream = restarted % 2 == 1;
        restarts.lab.restart();
        restarts.lab.settle();
        ++restarted;
    }
};

std::string some_path(std::mt19937& random, std::size_t who) {
    std::string path;
    if (who >= sockets || random() % 2 == 0) {
        path = "/local/domain/" + std::to_string(random() % guests + 1);
    }
    for (auto depth = random() % 3; depth > 0; --depth)
        path += "/" + std::string(1, static_cast<char>('a' + random() % 3));
    return path.empty() ? "/" : path;
}

std::string some_request(std::mt19937& random, std::size_t who, std::uint32_t transaction,
                         std::uint32_t number) {
    const std::string path = some_path(random, who) + '\0';
    switch (random() % 12) {
        case 0:
        case 1:
        case 2:
            return encoded(MessageType::write, path + std::string(random() % 50, 'v'), transaction,
                           number);
        case 3:
            return encoded(MessageType::mkdir, path, transaction, number);
        case 4:
            return encoded(MessageType::rm, path, transaction, number);
        case 5:
            return encoded(MessageType::directory, path, transaction, number);
        case 6:
            return encoded(MessageType::get_perms, path, transaction, number);
        case 7:
            return encoded(MessageType::set_perms,
                           path +
                               (who >= sockets ? "n" + std::to_string(who - sockets + 1) : "n0") +
                               std::string("\0b1\0", 4),
                           transaction, number);
        case 8:
            return encoded(MessageType::watch, path + std::string(1, "tuv"[random() % 3]) + '\0', 0,
                           number);
        case 9:
            return encoded(MessageType::unwatch, path + std::string(1, "tuv"[random() % 3]) + '\0',
                           0, number);
        default:
            return encoded(MessageType::read, path, transaction, number);
    }
}

}  // namespace

TEST_CASE("a daemon that is restarted says what one says that is not") {
    std::size_t restarted = 0, conflicts = 0, compared = 0;
    for (const unsigned seed : {1u, 2u, 3u, 4u, 5u, 6u}) {
        CAPTURE(seed);
        std::mt19937 random(seed);
        Pair pair;
        std::uint32_t number = 0;
        for (int step = 0; step < 2000; ++step) {
            CAPTURE(step);
            const std::size_t who = random() % clients;
            const auto choice = random() % 100;
            if (choice < 5) {
                pair.restart();
            } else if (choice < 12) {
                pair.compare();
            } else if (choice < 20) {
                // From now on one reads slowly.
                const std::size_t room = random() % 40;
                for (Side* side : {&pair.stays, &pair.restarts}) {
                    if (who < sockets) {
                        side->wires[who]->room = room;
                    } else {
                        side->rings[who - sockets]->held_back = 1;
                    }
                }
            } else if (choice < 26 && pair.open[who].size() + pair.doomed[who].size() < 5) {
                pair.compare();
                pair.rest[who] =
                    encoded(MessageType::transaction_start, std::string_view("\0", 1), 0, ++number);
                pair.compare();
            } else if (choice < 34 && !pair.open[who].empty()) {
                const auto id = *pair.open[who].begin();
                pair.open[who].erase(id);
                pair.compare();
                pair.rest[who] =
                    encoded(MessageType::transaction_end,
                            std::string_view(random() % 4 ? "T\0" : "F\0", 2), id, ++number);
                pair.compare();
            } else if (choice < 42 && !pair.doomed[who].empty()) {
                pair.compare();
                const auto id = *pair.doomed[who].begin();
                Client& client = *pair.restarts.all[who];
                const std::size_t home = who < sockets ? 1 : who - sockets + 1;
                const auto reply =
                    client.write("/local/domain/" + std::to_string(home) + "/a/b/c", "lost", id);
                // A guest's own node may be domain 0's by now.
                if (who < sockets || reply != "!EACCES") REQUIRE(reply == "OK|");
                if (random() % 2 == 0) continue;
                pair.doomed[who].erase(id);
                REQUIRE(client.commit(id) == "!EAGAIN");
                REQUIRE(pair.stays.all[who]->abort(id) == "OK|");
                ++pair.conflicts;
            } else {
                if (pair.rest[who].empty()) {
                    // Few enough that no quota makes anybody wait.
                    if (++pair.unanswered[who] > 12) pair.compare();
                    const bool inside = !pair.open[who].empty() && random() % 2 == 0;
                    pair.rest[who] =
                        some_request(random, who, inside ? *pair.open[who].begin() : 0, ++number);
                }
                pair.send(who, random() % 3 == 0 ? random() % pair.rest[who].size()
                                                 : pair.rest[who].size());
            }
        }
        pair.compare();
        restarted += pair.restarted;
        conflicts += pair.conflicts;
        compared += pair.compared;
    }
    // the run means something only if all of it happens often
    CHECK(restarted > 300);
    CHECK(conflicts > 50);
    CHECK(compared > 5000);
}
