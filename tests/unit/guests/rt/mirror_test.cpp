#include "rt/mirror.hpp"

#include <catch2/catch.hpp>
#include <deque>
#include <functional>
#include <map>
#include <random>
#include <set>

#include "fake_store.hpp"

using namespace stemma;
using namespace stemma::rt;

namespace {

struct TestClock final : Clock {
    Instant at{1'000'000};
    Instant now() override { return at; }
    UtcSeconds utc() override { return {0}; }
};

// A table of names and values, dirty in the order of change. Entries are "group/name".
class Table final : public MirrorSource {
  public:
    explicit Table(Clock& clock) : clock_(clock) {}

    void set(const std::string& path, const std::string& value) {
        entries_[path].value = value;
        mark(path);
    }
    void erase(const std::string& path) {
        entries_.at(path).value.reset();
        mark(path);
    }
    std::map<std::string, std::string> live() const {
        std::map<std::string, std::string> all;
        for (const auto& [path, entry] : entries_) {
            if (entry.value) all[path] = *entry.value;
        }
        return all;
    }
    std::size_t refused_count() const {
        return static_cast<std::size_t>(std::count_if(
            entries_.begin(), entries_.end(), [](const auto& e) { return e.second.refused; }));
    }

    bool has_changes() const override { return !dirty_.empty(); }
    bool next(MirrorChange& change) override {
        REQUIRE(change.path.empty());
        REQUIRE(change.value.empty());
        if (dirty_.empty()) return false;
        const auto path = dirty_.front();
        dirty_.pop_front();
        auto& entry = entries_.at(path);
        entry.dirty = false;
        change.path = path;
        change.dirty_since = entry.dirty_since;
        if (!entry.value) {
            change.kind = MirrorChange::Kind::remove;
        } else {
            change.kind = entry.told ? MirrorChange::Kind::update : MirrorChange::Kind::insert;
            change.value = *entry.value;
        }
        entry.told = entry.value;
        entry.refused = false;
        return true;
    }
    void mirrored(const MirrorChange& change) override {
        ++answers;
        if (change.kind == MirrorChange::Kind::remove && !entries_.at(change.path).value &&
            !entries_.at(change.path).dirty) {
            entries_.erase(change.path);
        }
    }
    void refused(const MirrorChange& change) override {
        ++answers;
        REQUIRE(change.kind != MirrorChange::Kind::remove);
        auto& entry = entries_.at(change.path);
        entry.refused = true;
        entry.told.reset();
    }
    void retry_refused(std::size_t count) override {
        for (auto& [path, entry] : entries_) {
            if (count == 0) return;
            if (!entry.refused || !entry.value || entry.dirty) continue;
            mark(path);
            --count;
        }
    }
    Held held(std::string_view path, std::string& value) const override {
        if (path.find('/') == std::string_view::npos) return Held::not_an_entry;
        const auto at = entries_.find(std::string(path));
        if (at == entries_.end() || !at->second.told) return Held::absent;
        value = *at->second.told;
        return Held::present;
    }
    bool next_below(std::string_view directory, std::uint64_t& cursor,
                    std::string& path) const override {
        std::uint64_t index = 0;
        for (const auto& [name, entry] : entries_) {
            if (index++ < cursor) continue;
            ++cursor;
            const bool below = directory.empty() || name.starts_with(std::string(directory) + "/");
            if (!below || !entry.told) continue;
            path = name;
            return true;
        }
        return false;
    }
    void foreign(std::string_view path, std::optional<std::string_view> value) override {
        ++foreigns;
        auto& entry = entries_[std::string(path)];
        entry.told.reset();
        entry.value.reset();
        entry.refused = false;
        if (value) entry.told = entry.value = std::string(*value);
    }

    std::size_t foreigns = 0;
    std::size_t answers = 0;

  private:
    struct Entry {
        std::optional<std::string> value;  // nothing: it is being removed
        std::optional<std::string> told;   // what next() last gave
        bool dirty = false;
        bool refused = false;
        Instant dirty_since;
    };
    void mark(const std::string& path) {
        auto& entry = entries_.at(path);
        if (entry.dirty) return;
        entry.dirty = true;
        entry.dirty_since = clock_.now();
        dirty_.push_back(path);
    }

    Clock& clock_;
    std::map<std::string, Entry> entries_;
    std::deque<std::string> dirty_;
};

struct Rig {
    TestClock clock;
    FakeStore store;
    Table table{clock};
    Mirror mirror{store, clock, table, {.directory = "data/net/t"}};

    Rig() { settle(); }

    // Runs and delivers until nothing waits, moving the clock to each deadline at most `until`
    // away.
    void settle(Duration until = Duration::seconds(1)) {
        const Instant end = clock.at + until;
        for (int i = 0; i < 100'000; ++i) {
            const Instant next = mirror.run(clock.at);
            if (store.run() > 0) continue;
            if (mirror.idle() && !mirror.full()) return;
            if (next > end) return;
            clock.at = std::max(clock.at, next);
        }
        FAIL("the mirror never rests");
    }

    bool agree() const { return stored() == table.live(); }
    std::map<std::string, std::string> stored() const {
        std::map<std::string, std::string> entries;
        constexpr std::string_view prefix = "data/net/t/";
        for (const auto& [path, value] : store.tree()) {
            if (!path.starts_with(prefix)) continue;
            const auto name = path.substr(prefix.size());
            if (name.find('/') != std::string::npos) entries[name] = value;
        }
        return entries;
    }
};

std::string entry(int i, int groups = 7) {
    return "g" + std::to_string(i % groups) + "/e" + std::to_string(i);
}

}  // namespace

TEST_CASE("changes go out in few transactions and stand in the store as the table has them") {
    Rig rig;
    for (int i = 0; i < 1000; ++i)
        rig.table.set(entry(i), std::to_string(i));
    rig.settle();
    CHECK(rig.agree());
    CHECK(rig.mirror.stats().mirrored == 1000);
    CHECK(rig.mirror.stats().inserted == 1000);
    CHECK(rig.mirror.stats().commits == (1000 + Mirror::batch_max - 1) / Mirror::batch_max);
    CHECK(rig.table.answers == 1000);
    CHECK(rig.mirror.idle());
    rig.table.erase(entry(5));
    rig.table.set(entry(6), "other");
    rig.settle();
    CHECK(rig.agree());
    CHECK(rig.table.foreigns == 0);
}

TEST_CASE("single changes are gathered before they go out") {
    Rig rig;
    const auto commits = [&] { return rig.mirror.stats().commits; };
    rig.table.set("g/a", "1");
    rig.settle();
    REQUIRE(commits() == 1);
    const auto start = rig.clock.at;
    rig.table.set("g/b", "1");
    const auto next = rig.mirror.run(rig.clock.at);
    CHECK(next > start);
    CHECK(next <= start + Duration::milliseconds(5));
    rig.table.set("g/c", "1");
    rig.settle();
    CHECK(commits() == 2);
}

TEST_CASE("the lag is from the change to its acknowledged commit") {
    Rig rig;
    rig.table.set("g/a", "1");
    rig.clock.at = rig.clock.at + Duration::milliseconds(40);
    rig.mirror.run(rig.clock.at);
    rig.clock.at = rig.clock.at + Duration::milliseconds(2);
    while (rig.store.step())
        ;
    CHECK(rig.mirror.stats().lag_last == 42'000'000);
    CHECK(rig.mirror.stats().lag_max == 42'000'000);
}

TEST_CASE("a conflict leads to the same batch again, until it is in") {
    Rig rig;
    rig.store.conflict_next_commits(5);
    for (int i = 0; i < 10; ++i)
        rig.table.set(entry(i), "v");
    rig.settle();
    CHECK(rig.mirror.stats().conflicts == 5);
    CHECK(rig.mirror.stats().mirrored == 10);
    CHECK(rig.agree());
}

TEST_CASE("a transaction that cannot be started is started later") {
    Rig rig;
    rig.store.fail_next(xs::MessageType::transaction_start, xs::Error::ebusy, 3);
    rig.table.set("g/a", "v");
    rig.settle();
    CHECK(rig.agree());
}

TEST_CASE("when the store is full what fits is mirrored, the rest is counted and follows later") {
    for (const bool at_commit : {false, true}) {
        INFO("quota judged at commit: " << at_commit);
        Rig rig;
        rig.store.quota_at_commit = at_commit;
        rig.table.set("g/first", "v");
        rig.settle();
        rig.store.node_quota = rig.store.tree().size() + 100;
        for (int i = 0; i < 200; ++i)
            rig.table.set("g/e" + std::to_string(i), "v");
        rig.table.set("g/first", "updated");
        rig.settle(Duration::seconds(30));
        CHECK(rig.mirror.full());
        CHECK(rig.store.tree().size() == rig.store.node_quota);
        CHECK(rig.table.refused_count() == 100);
        CHECK(rig.stored().at("g/first") == "updated");
        CHECK(rig.mirror.stats().unmirrored >= 100);

        // an entry goes: its place is used soon
        rig.table.erase("g/first");
        rig.settle(Mirror::full_retry_first * 2);
        CHECK_FALSE(rig.stored().contains("g/first"));
        CHECK(rig.table.refused_count() == 99);

        // the quota is raised: all the rest follows
        rig.store.node_quota = SIZE_MAX;
        rig.settle(Duration::seconds(30));
        CHECK(rig.agree());
        CHECK_FALSE(rig.mirror.full());
        CHECK(rig.table.foreigns == 0);
    }
}

TEST_CASE("a full store is asked again at a slow pace, not at each packet") {
    Rig rig;
    rig.store.node_quota = rig.store.tree().size();
    for (int i = 0; i < 50; ++i)
        rig.table.set(entry(i), "v");
    rig.settle(Duration::seconds(60));
    const auto before = rig.store.requests;
    const auto end = rig.clock.at + Duration::seconds(60);
    while (rig.clock.at < end) {
        rig.mirror.run(rig.clock.at);
        rig.store.run();
        rig.clock.at = rig.clock.at + Duration::milliseconds(10);
    }
    CHECK(rig.store.requests - before <= 8 * 3 * 3);
}

TEST_CASE("a batch whose writes and commit both find the store full is not tried without end") {
    Rig rig;
    rig.store.fail_next(xs::MessageType::write, xs::Error::enospc, 3);
    rig.store.fail_next(xs::MessageType::transaction_end, xs::Error::enospc);
    for (int i = 0; i < 3; ++i)
        rig.table.set(entry(i), "v");
    rig.settle(Duration::milliseconds(50));
    CHECK(rig.table.refused_count() == 3);
    rig.settle(Duration::seconds(20));
    CHECK(rig.agree());
}

TEST_CASE("an entry the store will not have does not hold up the others") {
    Rig rig;
    rig.store.fail_next(xs::MessageType::write, xs::Error::eacces);
    for (int i = 0; i < 10; ++i)
        rig.table.set(entry(i), "v");
    rig.settle();
    CHECK(rig.mirror.stats().mirrored == 9);
    CHECK(rig.mirror.stats().unmirrored == 1);
    CHECK(rig.stored().size() == 9);
}

TEST_CASE("what others change, add and remove reaches the table, its own writes do not") {
    Rig rig;
    for (int i = 0; i < 20; ++i)
        rig.table.set(entry(i), "v");
    rig.settle();
    CHECK(rig.table.foreigns == 0);
    rig.store.set("data/net/t/" + entry(3), "changed");
    rig.store.remove("data/net/t/" + entry(4));
    rig.store.set("data/net/t/new/one", "added");
    rig.store.set("data/net/t/" + entry(5), "v");  // the same value: nothing
    rig.settle();
    CHECK(rig.table.foreigns == 3);
    CHECK(rig.table.live().at(entry(3)) == "changed");
    CHECK_FALSE(rig.table.live().contains(entry(4)));
    CHECK(rig.table.live().at("new/one") == "added");
    CHECK(rig.agree());
    CHECK(rig.mirror.stats().foreign == 3);
}

TEST_CASE("own changes are never taken for another's, whenever their events are looked at") {
    for (unsigned seed = 0; seed < 30; ++seed) {
        INFO("seed " << seed);
        std::mt19937 random(seed);
        Rig rig;
        for (int step = 0; step < 400; ++step) {
            const auto name = entry(static_cast<int>(random() % 10));
            switch (random() % 6) {
                case 0:
                case 1:
                    rig.table.set(name, std::to_string(step));
                    break;
                case 2:
                    if (rig.table.live().contains(name)) rig.table.erase(name);
                    break;
                case 3:
                    rig.clock.at =
                        rig.clock.at + Duration::milliseconds(static_cast<int>(random() % 7));
                    break;
                default:
                    rig.mirror.run(rig.clock.at);
                    for (auto count = random() % 6; count > 0; --count)
                        rig.store.step();
            }
        }
        rig.settle();
        REQUIRE(rig.table.foreigns == 0);
        REQUIRE(rig.agree());
    }
}

TEST_CASE("an entry that went with its directory is removed without complaint") {
    Rig rig;
    rig.table.set("g/a", "v");
    rig.settle();
    rig.table.erase("g/a");
    rig.store.remove("data/net/t");
    rig.settle();
    CHECK(rig.mirror.stats().unmirrored == 0);
    CHECK(rig.table.live().empty());
}

TEST_CASE("a directory that others remove takes its entries out of the table") {
    for (const std::string gone : {"data/net/t/g3", "data/net/t", "data/net"}) {
        INFO(gone);
        Rig rig;
        for (int i = 0; i < 200; ++i)
            rig.table.set(entry(i), "v");
        rig.settle();
        rig.store.remove(gone);
        rig.settle();
        CHECK(rig.agree());
        CHECK(rig.table.live().size() == (gone == "data/net/t/g3" ? 172u - 1u : 0u));
    }
}

TEST_CASE("a directory removed and at once filled again loses what did not come back") {
    Rig rig;
    for (int i = 0; i < 20; ++i)
        rig.table.set(entry(i), "v");
    rig.settle();
    rig.store.remove("data/net/t/g3");
    rig.table.set("g3/new", "v");
    rig.settle();
    CHECK(rig.agree());
    CHECK(rig.table.live().contains("g3/new"));
    CHECK_FALSE(rig.table.live().contains("g3/e3"));
}

TEST_CASE("more changes by others than the queue holds are found by comparing everything") {
    Rig rig;
    const auto name = [](int i) { return entry(i, 70); };
    for (int i = 0; i < 3000; ++i)
        rig.table.set(name(i), "v");
    rig.settle();
    for (int i = 200; i < 6000; ++i)
        rig.store.set("data/net/t/" + name(i), "w");
    for (int i = 0; i < 100; ++i)
        rig.store.remove("data/net/t/" + name(i));
    rig.settle();
    CHECK(rig.mirror.stats().events_lost > 0);
    CHECK(rig.agree());
    CHECK(rig.table.live().size() == 5900);
}

TEST_CASE("a lost connection stops the mirror and nothing else") {
    Rig rig;
    rig.table.set("g/a", "v");
    rig.mirror.run(rig.clock.at);
    rig.store.disconnect();
    rig.table.set("g/b", "v");
    CHECK(rig.mirror.run(rig.clock.at) == Instant::never());
    CHECK(rig.table.live().size() == 2);
    CHECK(rig.table.has_changes());
}

TEST_CASE("at rest store and table agree, whatever both sides did in whatever order") {
    for (unsigned seed = 0; seed < 60; ++seed) {
        INFO("seed " << seed);
        std::mt19937 random(seed);
        Rig rig;
        rig.store.quota_at_commit = seed % 2 == 0;
        for (int step = 0; step < 600; ++step) {
            const auto name = entry(static_cast<int>(random() % 40));
            switch (random() % 12) {
                case 0:
                case 1:
                case 2:
                    rig.table.set(name, std::to_string(random() % 4));
                    break;
                case 3:
                    if (rig.table.live().contains(name)) rig.table.erase(name);
                    break;
                case 4:
                    rig.store.set("data/net/t/" + name, std::to_string(random() % 4));
                    break;
                case 5:
                    rig.store.remove("data/net/t/" + name);
                    break;
                case 6:
                    if (random() % 10 == 0) rig.store.remove("data/net/t/g2");
                    if (random() % 10 == 0) rig.store.conflict_next_commits(1);
                    break;
                case 7:
                    rig.clock.at =
                        rig.clock.at + Duration::milliseconds(static_cast<int>(random() % 7));
                    break;
                default:
                    rig.mirror.run(rig.clock.at);
                    for (auto count = random() % 12; count > 0; --count)
                        rig.store.step();
            }
        }
        rig.settle(Duration::seconds(60));
        REQUIRE(rig.agree());
    }
}
