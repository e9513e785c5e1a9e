// States made at random, and records that change them.
#pragma once

#include <random>
#include <string>

#include "xenstored/record_player.hpp"
#include "xenstored/record_writer.hpp"

namespace stemma::xenstored::test {

class RandomState {
  public:
    explicit RandomState(unsigned seed) : random_(seed) { records_.turn_on(); }

    // Some records, played into `state` already.
    std::string change() {
        records_.clear();
        played_ = 0;
        for (std::size_t count = 1 + below(8); count > 0; --count)
            one();
        std::string bytes(records_.bytes());
        return bytes;
    }

    State state;

    std::size_t below(std::size_t bound) {
        return std::uniform_int_distribution<std::size_t>(0, bound - 1)(random_);
    }

  private:
    std::string text(std::size_t most) {
        std::string made;
        for (std::size_t size = below(most + 1); size > 0; --size)
            made += static_cast<char>(below(256));
        return made;
    }
    std::string path() {
        std::string made;
        for (std::size_t depth = 1 + below(3); depth > 0; --depth)
            made += "/n" + std::to_string(below(4));
        return made;
    }

    void edit_tree() {
        const std::string at = path();
        const auto slash = at.rfind('/');
        if (state.tree.find(at.substr(0, slash == 0 ? 1 : slash)) == nullptr) return;
        const store::Edit edit{{store::Time(std::chrono::microseconds(below(1000))),
                                static_cast<std::uint16_t>(below(9)), store::Operation::write},
                               ++edits_,
                               edits_};
        store::Tree after = state.tree;
        if (below(4) == 0 && after.find(at) != nullptr) {
            after = *after.remove(at, edit);
        } else {
            store::Permissions permissions{{static_cast<store::Access>(below(4)),
                                            static_cast<std::uint16_t>(below(9)), below(5)}};
            after = *after.set(at, {store::Bytes(text(20)), permissions}, edit);
        }
        records_.tree(state.tree, after);
        records_.counters(edits_, 0, 0);
        play_last();
    }

    void one() {
        if (below(3) == 0) return edit_tree();
        if (state.connections.empty() || below(10) == 0) {
            records_.opened({++clients_});
            if (below(2) == 0) {
                records_.bound({clients_}, {static_cast<xs::DomainId>(below(9)), 1, below(99), {}});
            }
            return play_last();
        }
        if (below(12) == 0) {
            State::Domain domain;
            domain.ref = {static_cast<xs::DomainId>(below(4)), ++generations_};
            domain.handle[3] = static_cast<std::uint8_t>(below(256));
            domain.introduced = below(2) == 0;
            domain.features = static_cast<std::uint32_t>(below(16));
            if (below(2) == 0) domain.quotas.emplace_back("nodes", below(1000));
            records_.domain(domain);
            return play_last();
        }
        if (below(20) == 0 && !state.domains.empty()) {
            records_.domain_gone(state.domains.begin()->first);
            return play_last();
        }
        if (below(20) == 0) {
            records_.quota(below(2) == 0 ? "nodes" : "soft-memory", below(1000));
            return play_last();
        }
        auto client = state.connections.begin();
        std::advance(client, static_cast<std::ptrdiff_t>(below(state.connections.size())));
        change_client({client->first}, client->second);
        play_last();
    }

    void change_client(ConnectionId id, const State::Connection& client) {
        switch (below(14)) {
            case 0:
                return below(6) == 0 ? records_.closed(id) : records_.dropped(id);
            case 1:
                if (below(4) == 0) return records_.closes(id, below(2) == 0);
                return below(3) == 0 ? records_.reset(id) : records_.ignored(id, below(2) == 0);
            case 2:
            case 3:
                return records_.input(id, std::as_bytes(std::span(scratch_ = text(40))));
            case 4:
                return records_.consumed(id, below(client.input.size() + 1));
            case 5:
            case 6:
            case 7:
                scratch_ = std::string(xs::Header::size, 'h') + text(30);
                return records_.queued(id, below(2) == 0, {}, scratch_);
            case 8: {
                std::size_t waiting = 0;
                for (const auto& message : client.output)
                    waiting += message.bytes.size();
                return records_.sent(id, below(waiting - client.sent + 1));
            }
            case 9:
                return records_.watch(id, path(), text(5), 0, static_cast<int>(below(4)) - 1);
            case 10:
                if (client.watches.empty()) return;
                return records_.watch_removed(id, client.watches.front().path,
                                              client.watches.front().token);
            case 11:
                return records_.started(id, client.next_transaction);
            case 12:
                if (client.transactions.empty()) return records_.target(id, {3, 9});
                return records_.ended(id, client.transactions.front());
            default:
                if (client.ring) {
                    const auto word = [&] { return static_cast<std::uint32_t>(below(5000)); };
                    return records_.indexes(id, {word(), word(), below(2) == 0});
                }
                if (client.deferred) return records_.answered(id);
                return records_.deferred(id, {xs::MessageType::control, 5, 0, 0});
        }
    }

    void play_last() {
        const std::string_view last = records_.bytes().substr(played_);
        if (!play(state, last)) failed = true;
        played_ = records_.bytes().size();
    }

  public:
    bool failed = false;

  private:
    std::mt19937 random_;
    RecordWriter records_;
    std::string scratch_;
    std::size_t played_ = 0;
    std::uint64_t edits_ = 0;
    std::uint64_t clients_ = 0;
    std::uint64_t generations_ = 0;
};

}  // namespace stemma::xenstored::test
