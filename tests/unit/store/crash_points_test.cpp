// The publisher dies, or its disk fails, at each step of a history of batches; and what it reported
// as published is there afterwards, in a repository that opens, is whole, and takes more.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <set>

#include "faulty_disk.hpp"
#include "publication.hpp"
#include "ref_name.hpp"
#include "store/history.hpp"
#include "temporary_directory.hpp"
#include "tree_maker.hpp"

using namespace stemma::store;
using namespace stemma::store::test;

namespace {

namespace fs = std::filesystem;

// What was reported durable, with the tree it stands for.
struct Reported {
    std::string ref;  // that led to it
    CommitId id;
    Model model;
    std::int64_t hour = 0;
};

// Epochs of six hours; a day after its end an epoch goes.
constexpr int hours_a_batch = 3;
const Retention retention{.keep = std::chrono::hours(24), .secrets = std::chrono::hours(12)};

Time hour_of(int number) {
    return Time(std::chrono::seconds(1'700'000'000) + std::chrono::hours(hours_a_batch * number));
}

// Eleven batches: transactions, /stemma, snapshots, guests; six epochs, packed again and dropped;
// packs joined by fours.
class Workload {
  public:
    std::optional<Error> batch(Publication& publication, std::vector<Reported>& reported) {
        ++number_;
        std::vector<PublishJob> jobs;
        std::vector<Reported> expected;
        const auto add = [&](PublishJob::Kind kind, std::string ref, std::string name = "") {
            PublishJob job;
            job.kind = kind;
            job.name = std::move(name);
            job.tree = editor_.tree;
            job.info = {"domain 0", hour_of(number_), {"batch " + std::to_string(number_)}};
            if (kind == PublishJob::Kind::guest) {
                job.subtree = Ref<const Node>::share(editor_.tree.find("/local"));
            }
            jobs.push_back(std::move(job));
            const Tree tree = kind == PublishJob::Kind::guest
                                  ? Tree(Ref<const Node>::share(editor_.tree.find("/local")))
                                  : editor_.tree;
            expected.push_back({std::move(ref), {}, model_of(tree), hours_a_batch * number_});
        };
        for (int i = 0; i < 3; ++i) {
            editor_.write("/local/d/n" + std::to_string((number_ * 3 + i) % 7),
                          std::to_string(editor_.count));
            if (i == 1) editor_.write("/stemma/x", std::to_string(editor_.count));
            add(PublishJob::Kind::commit, main_ref);
        }
        if (number_ % 3 == 1) add(PublishJob::Kind::guest, "refs/guests/g", "g");
        if (number_ % 5 == 2) {
            const std::string name = "s" + std::to_string(number_);
            add(PublishJob::Kind::snapshot, snapshot_prefix + name, name);
        }
        auto done = publication.publish(jobs);
        if (!done) return done.error();
        for (std::size_t i = 0; i < jobs.size(); ++i) {
            REQUIRE(done->results[i]);
            expected[i].id = *done->results[i];
            // A guest's ref has moved on from its last state, which may go.
            if (expected[i].ref == "refs/guests/g") {
                std::erase_if(reported,
                              [&](const Reported& r) { return r.ref == expected[i].ref; });
            }
            reported.push_back(expected[i]);
        }
        static_cast<void>(publication.consolidate());
        while (publication.maintain(hour_of(number_)).value_or(false)) {
        }
        return std::nullopt;
    }
    std::int64_t hour() const { return hours_a_batch * number_; }

  private:
    Editor editor_;
    int number_ = 0;
};

// What all refs lead to can be read, and what was reported is among it.
void check(const fs::path& repository, const std::vector<Reported>& reported, std::int64_t now,
           bool by_git) {
    auto opened = Repository::open(repository);
    auto history = History::open(repository);
    REQUIRE(opened);
    REQUIRE(history);
    std::set<CommitId> reachable;
    const auto refs = opened->refs("refs/");
    REQUIRE(refs);
    for (const auto& [name, id] : *refs) {
        for (std::optional<CommitId> at = id; at;) {
            if (!reachable.insert(*at).second) break;
            const auto commit = opened->commit(*at);
            if (!commit) FAIL(name + ": " + commit.error().text());
            const auto tree = history->read(at->hex());
            if (!tree) FAIL(name + ": " + tree.error().text());
            at = commit->parents.empty() ? std::nullopt : std::optional(commit->parents.front());
        }
    }
    for (const Reported& was : reported) {
        // A guest's ref may have moved on to a state that was not reported yet.
        if (was.ref.starts_with(guest_prefix) && *opened->ref(was.ref)) continue;
        if (was.ref == main_ref && was.hour + 24 <= now) continue;  // its time may be over
        if (!reachable.contains(was.id)) FAIL("lost: " + was.ref);
        const auto tree = history->read(was.id.hex());
        REQUIRE(tree);
        CHECK(model_of(*tree) == was.model);
    }
    if (!by_git) return;
    const Ran fsck = test::git(repository, "fsck --strict --no-dangling --no-progress");
    CAPTURE(fsck.output);
    CHECK(fsck.status == 0);
}

constexpr int batches = 11;
constexpr std::size_t joined = 4;

struct Counts {
    int points = 0;
    int died = 0;
    int refused = 0;  // batches reported as failed
    int checked_by_git = 0;
};

// One history with one fault. False if the fault lies behind its end.
bool crash_point(FaultyDisk::Fault fault, std::size_t step, unsigned seed, Counts& counts) {
    const TemporaryDirectory directory;
    const fs::path repository = directory / "r.git";
    FaultyDisk disk(fault, step, seed);
    Workload workload;
    std::vector<Reported> reported;
    {
        auto publication = Publication::open(repository, joined, retention, disk);
        REQUIRE(publication);
        for (int i = 0; i < batches && !disk.dead(); ++i) {
            const auto error = workload.batch(*publication, reported);
            if (!error) continue;
            ++counts.refused;
            // As the publisher does: the same again, when there may be room.
            disk.free_space();
        }
    }
    if (disk.steps() <= step) return false;
    ++counts.points;
    if (disk.dead()) {
        ++counts.died;
        disk.lose_unsynced();
    }
    {
        auto again = Publication::open(repository, joined, retention);
        REQUIRE(again);
        const bool by_git = counts.points % 25 == 0;
        counts.checked_by_git += by_git ? 1 : 0;
        check(repository, reported, workload.hour(), by_git);
        REQUIRE_FALSE(workload.batch(*again, reported));
    }
    check(repository, reported, workload.hour(), false);
    return true;
}

}  // namespace

TEST_CASE("whatever step of publishing fails or is the last, what was reported is there") {
    const char* const long_run = std::getenv("STEMMA_LONG");
    const std::size_t stride = long_run != nullptr && long_run[0] == '1' ? 1 : 8;
    Counts counts;
    using Fault = FaultyDisk::Fault;
    for (const Fault fault : {Fault::dies_before, Fault::dies_within, Fault::dies_after,
                              Fault::no_space, Fault::fails}) {
        for (std::size_t step = static_cast<std::size_t>(fault) % stride;; step += stride) {
            CAPTURE(step, static_cast<int>(fault));
            if (!crash_point(fault, step, static_cast<unsigned>(step), counts)) break;
        }
    }
    CHECK(counts.points >= (stride == 1 ? 1000 : 200));
    WARN("crash points " << counts.points << ", of which the process died " << counts.died
                         << ", batches reported as failed " << counts.refused
                         << ", repositories checked by git fsck " << counts.checked_by_git);
}
