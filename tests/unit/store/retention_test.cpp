#include "retention.hpp"

#include <catch2/catch.hpp>

#include "epoch_note.hpp"
#include "raw_commit.hpp"
#include "secrets.hpp"

using namespace stemma::store;

namespace {

using Kind = RetentionStep::Kind;
constexpr std::int64_t day = 86'400;
const DomainName three{3, "/vm/3"};

EpochState epoch(std::string name, std::uint64_t bytes, std::int64_t end, unsigned level = 0) {
    EpochNote note;
    note.end = end;
    note.level = level;
    return {std::move(name), bytes, note};
}

}  // namespace

TEST_CASE("an epoch that ended is packed again first, then thinned with age, then dropped") {
    const Retention retention{.budget = 1000, .keep = std::chrono::hours(24 * 30)};
    const auto step = [&](const EpochState& state, std::int64_t now) {
        return next_step(retention, {state}, 0, {}, {}, now);
    };
    EpochState fresh = epoch("a", 100, 0);
    fresh.note.reset();
    CHECK(step(fresh, 0)->kind == Kind::rewrite);
    CHECK_FALSE(step(epoch("a", 100, 0), day));
    CHECK(step(epoch("a", 100, 0), 3 * day)->level == 1);
    CHECK_FALSE(step(epoch("a", 100, 0, 1), 3 * day));
    CHECK(step(epoch("a", 100, 0, 1), 9 * day)->level == 2);
    CHECK_FALSE(step(epoch("a", 100, 0, 3), 9 * day));
    CHECK(step(epoch("a", 100, 0, 3), 30 * day)->kind == Kind::drop);
}

TEST_CASE("over the budget the oldest are thinned, to the last level, before any is dropped") {
    const Retention retention{.budget = 1000};
    std::vector<EpochState> epochs = {epoch("a", 400, 10), epoch("b", 400, 20)};
    CHECK_FALSE(next_step(retention, epochs, 200, {}, {}, day));
    std::vector<std::string> order;
    for (int i = 0; i < 8; ++i) {
        const auto step = next_step(retention, epochs, 201, {}, {}, day);
        REQUIRE(step);
        order.push_back(step->epoch + (step->kind == Kind::drop ? " dropped" : ""));
        const auto place = std::ranges::find(epochs, step->epoch, &EpochState::name);
        if (step->kind == Kind::drop) {
            epochs.erase(place);
            break;
        }
        place->note->level = step->level;
    }
    CHECK(order == std::vector<std::string>{"a", "a", "a", "b", "b", "b", "a dropped"});
    CHECK_FALSE(next_step(retention, epochs, 201, {}, {}, day));
    CHECK_FALSE(next_step(retention, {}, 5000, {}, {}, day));
}

TEST_CASE(
    "a dead domain's data goes from every epoch before the period is over, a live one's never") {
    const Retention retention{.secrets = std::chrono::hours(24)};
    std::vector<EpochState> epochs = {epoch("a", 1, day / 2), epoch("b", 1, day)};
    epochs[0].note->domains = {{three, 1000}, {{4, "/vm/4"}, 1000}};
    epochs[1].note->domains = {{three, day}};
    const std::set<DomainName> alive{{4, "/vm/4"}};
    const auto at = [&](std::int64_t now, const std::map<DomainName, std::int64_t>& deaths) {
        return next_step(retention, epochs, 0, alive, deaths, now);
    };
    CHECK_FALSE(at(day + 19 * 3600, {}));
    const auto step = at(day + 20 * 3600, {});
    REQUIRE(step);
    CHECK(step->epoch == "a");
    CHECK(step->without == std::set<DomainName>{three});
    CHECK_FALSE(at(day + 20 * 3600, {{three, day + 3600}}));
    CHECK(at(day + 21 * 3600, {{three, day + 3600}}));
    epochs[0].note->domains.erase(three);
    CHECK(at(day + 20 * 3600, {})->epoch == "b");
    // The number came again: that is another domain. One that had no `vm` yet may be the same.
    epochs[1].note->domains = {{{4, "/vm/old"}, day}, {{4, "-"}, day}};
    CHECK(at(day + 20 * 3600, {})->without == std::set<DomainName>{{4, "/vm/old"}});
}

TEST_CASE("what is noted of an epoch is read again, and anything else is not") {
    EpochNote note;
    note.end = 1'700'000'000;
    note.level = 2;
    note.domains = {{three, 1'699'999'999}, {{70, "-"}, 5}};
    const auto again = parse_epoch_note(format_epoch_note(note));
    REQUIRE(again);
    CHECK(again->end == note.end);
    CHECK(again->level == 2);
    CHECK(again->domains == note.domains);
    for (const char* text : {"", "end 5", "level 1\n", "end x\n", "end 5\ndomain 3 x\n",
                             "end 5\ndomain x - 5\n", "end 5\nelse 1\n"}) {
        CHECK_FALSE(parse_epoch_note(text));
    }
    CHECK(vm_text("/vm/a-b") == "/vm/a-b");
    for (const char* value : {"", "x", "/vm/a b", "/vm/a\nend 5"})
        CHECK(vm_text(value) == "-");
}

TEST_CASE("a commit's message loses what a domain wrote, and what was written of it") {
    const std::set<DomainName> gone{three};
    const std::string_view lost = "(of a domain that is gone)\n";
    CHECK(message_without("domain 3", "secret\n\nmore\n", gone) == lost);
    CHECK(message_without("domain 3 (nat)", "secret\n", gone) == lost);
    CHECK(message_without("domain 33", "name x\n", gone) == "name x\n");
    for (const char* line :
         {"backend/vif/3/0: state 3 -> 4", "/local/domain/3: vm x", "/local/domain/3/device: x",
          "/libxl/3: x", "domain/3: removed x", "domain 5: /vm/3: name x"}) {
        CHECK(message_without("domain 0", std::string(line) + "\n", gone) == lost);
    }
    const std::string other =
        "backend/vif/33/3: state 3\n/local/domain/31: x\n/libxl/30: x\nbackend/x\n";
    CHECK(message_without("domain 0", other, gone) == other);
}

TEST_CASE("a commit's bytes are read and made again as they were") {
    const std::string text =
        "tree " + std::string(40, 'a') + "\nparent " + std::string(40, 'b') +
        "\nauthor domain 3 (x) <stemma> 1700000000 +0000\ncommitter domain 3 (x) <stemma> "
        "1700000000 +0000\nstemma-generation 7\n\nsubject\n\nbody\n";
    const auto commit = RawCommit::parse(text);
    REQUIRE(commit);
    CHECK(commit->author == "domain 3 (x)");
    CHECK(commit->when == 1'700'000'000);
    CHECK(commit->parents.size() == 1);
    CHECK(commit->text(7) == text);
    CHECK_FALSE(RawCommit::parse("tree x\n\n"));
    CHECK_FALSE(RawCommit::parse("author a <b> 5 +0000\n\nx"));
    CHECK_FALSE(RawCommit::parse(""));
}
