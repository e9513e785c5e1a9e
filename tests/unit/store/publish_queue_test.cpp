#include "publish_queue.hpp"

#include <catch2/catch.hpp>

#include "tree_maker.hpp"

using namespace stemma::store;
using namespace stemma::store::test;
using namespace std::chrono_literals;

namespace {

using Taken = PublishQueue::Taken;

struct Given {
    PublishQueue queue{4, 100ms};
    Editor editor;
    MonotonicTime now{1h};

    Taken write(std::uint64_t client, const std::string& path) {
        editor.write(path, std::to_string(editor.count));
        return queue.push({editor.tree, client, about(client, path), Submission::Kind::write, path},
                          now);
    }
    Taken transaction(std::uint64_t client) {
        editor.write("/t", std::to_string(editor.count));
        return queue.push(
            {editor.tree, client, about(client, "transaction"), Submission::Kind::transaction, ""},
            now);
    }
    static Info about(std::uint64_t client, std::string why) {
        return {"domain " + std::to_string(client), {}, {std::move(why)}};
    }
    PublishJob request(RequestId id) const {
        PublishJob job;
        job.kind = PublishJob::Kind::publish_all;
        job.request = id;
        job.handed_over = now;
        return job;
    }
};

std::vector<std::string> subjects(const std::vector<PublishJob>& jobs) {
    std::vector<std::string> all;
    for (const PublishJob& job : jobs) {
        all.push_back(job.request ? "request" : job.info.who + ": " + job.info.why.at(0));
    }
    return all;
}

using Subjects = std::vector<std::string>;

}  // namespace

TEST_CASE("a run is one client's consecutive writes of different paths, within the interval") {
    Given given;
    CHECK(given.write(1, "/a") == Taken::queued);
    CHECK(given.write(1, "/b") == Taken::joined);
    CHECK(given.write(1, "/a") == Taken::queued);  // a second write of one path
    CHECK(given.write(2, "/c") == Taken::queued);  // another client
    given.now += 100ms;
    CHECK(given.write(2, "/d") == Taken::queued);  // the interval is over
    CHECK(subjects(given.queue.take()) ==
          Subjects{"domain 1: /a (and 1 more)", "domain 1: /a", "domain 2: /c", "domain 2: /d"});
    CHECK(given.queue.empty());
}

TEST_CASE("transactions and requests end a run, and are never joined") {
    Given given;
    given.write(1, "/a");
    CHECK(given.transaction(1) == Taken::queued);
    CHECK(given.write(1, "/b") == Taken::queued);
    REQUIRE(given.queue.push_request(given.request(9)));
    CHECK(given.write(1, "/c") == Taken::queued);
    CHECK(subjects(given.queue.take()) == Subjects{"domain 1: /a", "domain 1: transaction",
                                                   "domain 1: /b", "request", "domain 1: /c"});
}

TEST_CASE("in data/net a path written twice stays in the run") {
    Given given;
    const std::string path = "/local/domain/3/data/net/arp/0/10-0-0-1";
    CHECK(given.write(3, path) == Taken::queued);
    CHECK(given.write(3, path) == Taken::joined);
    const auto jobs = given.queue.take();
    REQUIRE(jobs.size() == 1);
    CHECK(jobs[0].tree.same(given.editor.tree));
    CHECK(is_network_state(path));
    CHECK_FALSE(is_network_state("/local/domain/3/data/network"));
    CHECK_FALSE(is_network_state("/local/domain/3/data/net"));
    CHECK_FALSE(is_network_state("/stemma/data/net/x"));
}

TEST_CASE("at the bound the newest tree takes the last commit's place and its lines are added") {
    Given given;
    for (std::uint64_t client = 1; client <= 4; ++client) {
        CHECK(given.transaction(client) == Taken::queued);
    }
    CHECK(given.transaction(5) == Taken::coalesced);
    CHECK(given.write(6, "/x") == Taken::coalesced);
    CHECK(given.queue.commits() == 4);
    const auto jobs = given.queue.take();
    REQUIRE(jobs.size() == 4);
    CHECK(jobs[3].tree.same(given.editor.tree));
    CHECK(jobs[3].info.why == std::vector<std::string>{"transaction (and 2 more)", "transaction",
                                                       "domain 5: transaction", "domain 6: /x"});
}

TEST_CASE("requests have a bound of their own") {
    Given given;
    for (RequestId id = 1; id <= 4; ++id)
        CHECK(given.queue.push_request(given.request(id)));
    CHECK_FALSE(given.queue.push_request(given.request(5)));
    CHECK(given.transaction(1) == Taken::queued);
    given.queue.take();
    CHECK(given.queue.push_request(given.request(6)));
}

TEST_CASE("a commit names a bounded number of lines and counts the rest") {
    Given given;
    for (int i = 0; i < 100; ++i)
        given.write(1, "/local/domain/1/data/net/" + std::to_string(i));
    const auto jobs = given.queue.take();
    REQUIRE(jobs.size() == 1);
    CHECK(jobs[0].info.why.size() == PublishQueue::lines_bound + 2);
    CHECK(jobs[0].info.why.front() == "/local/domain/1/data/net/0 (and 99 more)");
    CHECK(jobs[0].info.why.back() == "(and 36 more)");
}

TEST_CASE("commits put back come first, in their order, and the oldest give way at the bound") {
    Given given;
    given.transaction(1);
    given.transaction(2);
    auto jobs = given.queue.take();
    given.transaction(3);
    CHECK(given.queue.put_back(std::move(jobs)) == 0);
    CHECK(given.write(3, "/a") == Taken::queued);
    jobs = given.queue.take();
    CHECK(subjects(jobs) == Subjects{"domain 1: transaction", "domain 2: transaction",
                                     "domain 3: transaction", "domain 3: /a"});
    given.transaction(4);
    given.transaction(5);
    CHECK(given.queue.put_back(std::move(jobs)) == 2);
    CHECK(subjects(given.queue.take()) == Subjects{"domain 3: transaction (and 2 more)",
                                                   "domain 3: /a", "domain 4: transaction",
                                                   "domain 5: transaction"});
}

TEST_CASE("the oldest submission is known, through joining and putting back") {
    Given given;
    const auto start = given.now;
    given.write(1, "/a");
    given.now += 50ms;
    given.write(1, "/b");
    CHECK(given.queue.oldest() == start);
    auto jobs = given.queue.take();
    given.now += 50ms;
    given.write(1, "/c");
    CHECK(given.queue.oldest() == given.now);
    given.queue.put_back(std::move(jobs));
    CHECK(given.queue.oldest() == start);
}

TEST_CASE("a domain that used up its share of commits joins others', or waits longer alone") {
    PublishQueue queue{10'000, 100ms};
    Editor editor;
    MonotonicTime now{1h};
    const auto transaction = [&](std::uint32_t domain) {
        editor.write("/t", std::to_string(editor.count));
        Submission submission{editor.tree, domain, Given::about(domain, "x"),
                              Submission::Kind::transaction, ""};
        submission.domain = domain;
        return queue.push(std::move(submission), now);
    };
    for (int i = 0; i < 500; ++i)
        REQUIRE(transaction(5) == Taken::queued);
    CHECK(transaction(5) == Taken::beyond_share);
    CHECK(queue.commits() == 500);
    CHECK(transaction(6) == Taken::queued);  // another has its own
    CHECK(transaction(0) == Taken::queued);
    CHECK(transaction(5) == Taken::beyond_share);
    const auto taken = queue.take();
    CHECK(taken.size() == 502);
    // The newest tree is in the last commit, whoever made that, with the name of who wrote it.
    CHECK(taken.back().tree.same(editor.tree));
    CHECK(taken.back().info.who == "domain 0");
    CHECK(taken.back().info.why.back() == "domain 5: x");
    // With nobody to join it waits for ten seconds, and all it does meanwhile is in that commit.
    CHECK(transaction(5) == Taken::queued);
    CHECK(queue.due() == now + 10s);
    for (int i = 0; i < 100; ++i)
        CHECK(transaction(5) == Taken::beyond_share);
    CHECK(queue.commits() == 1);
    CHECK(transaction(6) == Taken::queued);
    CHECK(queue.due() == now + 100ms);
    queue.take();
    now += 20s;
    CHECK(transaction(5) == Taken::queued);
    CHECK(queue.due() == now + 100ms);
    for (int i = 0; i < 2000; ++i)
        CHECK(transaction(0) == Taken::queued);
}
