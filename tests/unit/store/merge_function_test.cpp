#include "store/merge_function.hpp"

#include <catch2/catch.hpp>

using namespace stemma::store;

namespace {

using Value = std::optional<std::string_view>;
constexpr Value none = std::nullopt;

struct Case {
    MergeFunction function;
    Value base, ours, theirs;
    Value merged;
};

// In both orders; "!" for a conflict.
Value ask(const Case& test, std::string& kept) {
    const Stamp early{Time(std::chrono::seconds(1)), 1, Operation::write};
    const Stamp late{Time(std::chrono::seconds(2)), 1, Operation::write};
    const auto one = test.function({test.base, test.ours, test.theirs, early, late});
    const auto two = test.function({test.base, test.theirs, test.ours, late, early});
    CHECK(one == two);
    if (!one) return "!";
    if (!*one) return none;
    kept = **one;
    return kept;
}

}  // namespace

TEST_CASE("each merge function joins its kind of value, in either order") {
    const Case cases[] = {
        {merge_conflict, "1", "2", "3", "!"},
        {merge_conflict, "1", "2", "2", "2"},
        {merge_counter, "1", "2", "2", "3"},
        {merge_last_writer, "1", "9", "3", "3"},
        {merge_last_writer, "1", "9", none, none},
        {merge_last_writer, "1", none, "3", "3"},
        {merge_later_expiry, "aa 100", "aa 150", "bb 200", "bb 200"},
        {merge_later_expiry, "aa 100", "bb 200", "aa 200", "aa 200"},
        {merge_later_expiry, none, "aa 9", "bb 10", "bb 10"},
        {merge_later_expiry, "aa 100", none, "aa 200", "aa 200"},
        {merge_later_expiry, "aa 100", none, "aa 90", none},
        {merge_later_expiry, "aa 100", none, "bb 100", none},
        {merge_later_expiry, none, none, "aa 1", "aa 1"},
        {merge_later_expiry, "aa 100", "junk", "aa 100", "aa 100"},
        {merge_later_expiry, "aa 100", "junk", "also junk", "also junk"},
        {merge_later_expiry, "a 1", "a 18446744073709551615", "a 2", "a 18446744073709551615"},
        {merge_later_expiry, "a 1", "a 18446744073709551616", "a 2", "a 2"},
        {merge_later_expiry, "1", "7", "8", "8"},
        {merge_counter, "10", "12", "15", "17"},
        {merge_counter, none, "12", "15", "27"},
        {merge_counter, "10", "-3", "11", "-2"},
        {merge_counter, "10", none, "12", "2"},
        {merge_counter, "0", none, "0", none},
        {merge_counter, "x", "1", "2", "!"},
        {merge_counter, "1", "1 ", "2", "!"},
        {merge_counter, "", "1", "2", "!"},
        {merge_counter, "0", "9223372036854775807", "1", "!"},
        {merge_counter, "9223372036854775807", "9223372036854775807", "9223372036854775806",
         "9223372036854775806"},
        {merge_set, "a b c", "a b d", "b c e", "b d e"},
        {merge_set, none, "a", "b  a", "a b"},
        {merge_set, "a", none, "a b", "b"},
        {merge_set, "a b", none, "a", none},
        {merge_set, "a", "", "b", "b"},
        {merge_dns_cache, "3 1.2.3.4 100", "5 1.2.3.4 90", "3 1.2.3.4 200", "5 1.2.3.4 90"},
        {merge_dns_cache, "3 1.2.3.4 100", "3 1.2.3.5 150", "3 1.2.3.4 200", "3 1.2.3.4 200"},
        {merge_dns_cache, "3 1.2.3.4 100", "junk", "1 1.2.3.4 2", "1 1.2.3.4 2"},
        {merge_dns_cache, "3 1.2.3.4 100", none, "3 1.2.3.4 200", "3 1.2.3.4 200"},
        {merge_dns_cache, "3 1.2.3.4 100", none, "4 1.2.3.4 100", none},
        {merge_lease, "aa 0 10", "aa 5 20", "aa 6 30", "aa 6 30"},
        {merge_lease, "aa 0 10", "aa 5 20", "bb 6 30", "!"},
        {merge_lease, "aa 0 10", "aa 0 1", "bb 1 30", "bb 1 30"},  // the changes are of second 2
        {merge_lease, none, "aa 0 10", "bb 0 10", "!"},
        {merge_lease, "aa 0 10", none, "aa 5 20", "aa 5 20"},
        {merge_lease, "aa 0 10", none, "aa 0 9", none},
    };
    for (const Case& test : cases) {
        CAPTURE(test.base.value_or("none"), test.ours.value_or("none"),
                test.theirs.value_or("none"));
        std::string kept;
        CHECK(ask(test, kept) == test.merged);
    }
}

TEST_CASE("writers of one moment are joined by the smaller value") {
    const Stamp stamp;
    CHECK(merge_last_writer({"1", "3", "2", stamp, stamp}).value() == "2");
    CHECK(merge_last_writer({"1", none, "2", stamp, stamp}).value() == "2");
}
