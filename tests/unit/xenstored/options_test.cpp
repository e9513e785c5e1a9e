#include "xenstored/options.hpp"

#include <catch2/catch.hpp>

using namespace stemma::xenstored;

namespace {

std::expected<Options, std::string> parsed(std::vector<const char*> arguments,
                                           const std::string& environment = {}) {
    return parse_options(arguments, environment);
}

}  // namespace

TEST_CASE("without flags the defaults are C's, and history is kept") {
    const auto options = parsed({});
    REQUIRE(options);
    CHECK(options->fork);
    CHECK(options->limits.nodes == 1000);
    CHECK(options->limits.watches == 128);
    CHECK(options->limits.transactions == 10);
    CHECK(options->limits.node_size == 2048);
    CHECK(options->limits.permissions == 5);
    CHECK(options->limits.transaction_nodes == 1024);
    CHECK(options->limits.outstanding == 20);
    CHECK(options->repository == default_repository);
    CHECK(parsed({}, "/elsewhere")->repository == "/elsewhere");
}

TEST_CASE("flags are taken short and long, joined and apart, and cut short") {
    for (const auto& arguments : std::vector<std::vector<const char*>>{
             {"-N", "-F", "/run/x.pid", "-E", "7"},
             {"-NE7", "-F/run/x.pid"},
             {"--no-fork", "--pid-file", "/run/x.pid", "--entry-nb=7"},
             {"--no-f", "--pid=/run/x.pid", "--entry-n", "7"}}) {
        const auto options = parsed(arguments);
        REQUIRE(options);
        CHECK_FALSE(options->fork);
        CHECK(options->pid_file == "/run/x.pid");
        CHECK(options->limits.nodes == 7);
        CHECK(options->warnings.empty());
    }
}

TEST_CASE("every flag of every release is accepted") {
    const auto options = parsed({"-D",
                                 "-R",
                                 "-V",
                                 "-U",
                                 "-K",
                                 "-P",
                                 "-I",
                                 "-Ioff",
                                 "--internal-db=on",
                                 "--internal-db",
                                 "-e",
                                 "3",
                                 "--event=3",
                                 "-m",
                                 "0",
                                 "--master-domid",
                                 "0",
                                 "-p",
                                 "4",
                                 "--trace-control=+obj",
                                 "--trace-control",
                                 "-io",
                                 "-T",
                                 "/tmp/trace",
                                 "-S",
                                 "4096",
                                 "-t",
                                 "32",
                                 "-A",
                                 "9",
                                 "-M",
                                 "1024",
                                 "-W",
                                 "512",
                                 "-Q",
                                 "transaction-nodes=9",
                                 "-Q",
                                 "memory=1000",
                                 "-Q",
                                 "outstanding=3",
                                 "-q",
                                 "memory=900",
                                 "-w",
                                 "watch-event=5"});
    REQUIRE(options);
    CHECK(options->warnings.empty());
    CHECK(options->keep_orphans);
    CHECK(options->print_pid);
    CHECK(options->privileged_domain == 4);
    CHECK(options->trace_file == "/tmp/trace");
    CHECK(options->limits.node_size == 4096);
    CHECK(options->limits.transactions == 32);
    CHECK(options->limits.permissions == 9);
    CHECK(options->limits.path_max == 1024);
    CHECK(options->limits.watches == 512);
    CHECK(options->limits.transaction_nodes == 9);
    CHECK(options->limits.memory == 1000);
    CHECK(options->limits.outstanding == 3);
    CHECK(options->limits.event_timeout == std::chrono::seconds(5));
    CHECK(parsed({"-M", "99999"})->limits.path_max == default_path_max);  // it only lowers
}

TEST_CASE("an unknown flag is said and passed over, a wrong value is an error") {
    CHECK(parsed({"--frobnicate", "-z"})->warnings.size() == 2);
    for (const auto& arguments : std::vector<std::vector<const char*>>{{"word"},
                                                                       {"-Q", "nodes"},
                                                                       {"-Q", "nodes=x"},
                                                                       {"-Q", "nonsense=1"},
                                                                       {"-Q", "memory=-1"},
                                                                       {"-q", "outstanding=1"},
                                                                       {"-w", "watch-event"},
                                                                       {"-w", "other=1"},
                                                                       {"--publish-interval", "x"},
                                                                       {"-F"},
                                                                       {"--pid-file"}}) {
        CAPTURE(arguments.front());
        CHECK_FALSE(parsed(arguments));
    }
}

TEST_CASE("our own flags") {
    CHECK(parsed({"--repository", "/r"}, "/elsewhere")->repository == "/r");
    CHECK(parsed({"--repository=/r", "--no-repository"})->repository.empty());
    CHECK(parsed({"--publish-interval", "20"})->publish_interval == std::chrono::milliseconds(20));
    const auto retention =
        parsed({"--history-budget", "7", "--history-days", "3", "--secrets-hours", "12"})
            ->retention;
    CHECK(retention.budget == 7UL << 20);
    CHECK(retention.keep == std::chrono::hours(72));
    CHECK(retention.secrets == std::chrono::hours(12));
    CHECK_FALSE(parsed({"--history-budget", "0"}));
    CHECK_FALSE(parsed({"--history-days", "x"}));
    CHECK(parsed({"--help"})->help);
    CHECK(usage().find("--no-repository") != std::string::npos);
}

TEST_CASE("relative paths in arguments are made absolute, however they are written") {
    using Words = std::vector<std::string>;
    CHECK(with_absolute_paths({"-NF", "p", "-Tt", "--repository=r", "--pid-file", "q", "-E", "5"},
                              "/here") == Words{"-NF", "/here/p", "-T/here/t",
                                                "--repository=/here/r", "--pid-file", "/here/q",
                                                "-E", "5"});
    CHECK(with_absolute_paths({"-F/p", "--trace-f=/t", "-E", "F", "-Ion", "--no-fork"}, "/here") ==
          Words{"-F/p", "--trace-f=/t", "-E", "F", "-Ion", "--no-fork"});
    CHECK(with_absolute_paths({"--unknown=x", "-", "", "--repository=", "-F"}, "/here") ==
          Words{"--unknown=x", "-", "", "--repository=", "-F"});
}

TEST_CASE("the next program gets this one's arguments, but for what only this one could mean") {
    const std::vector<std::string> given{
        "--pid-file", "/p",  "--repository",        "/r", "-U", "-NE", "5", "--take-over=7",
        "--trace-co", "+io", "--publish-interval=3"};
    CHECK(inherited_arguments(given, true) ==
          std::vector<std::string>{"--pid-file", "/p", "--repository", "/r", "-NE", "5",
                                   "--trace-co", "+io", "--publish-interval=3"});
    CHECK(inherited_arguments(given, false) ==
          std::vector<std::string>{"--pid-file", "/p", "-NE", "5"});
}
