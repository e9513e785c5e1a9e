#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include <set>

#include "temporary_directory.hpp"
#include "toolstack/command.hpp"
#include "toolstack/file_text.hpp"

namespace stemma::toolstack {

namespace {

struct Outcome {
    int status = 0;
    std::string output;  // standard output and standard error
};

// Runs a command line with both outputs in a file.
Outcome run(std::vector<const char*> words) {
    TemporaryDirectory directory;
    const std::string path = directory / "output";
    std::fflush(stdout);
    std::fflush(stderr);
    const int saved_out = ::dup(1), saved_error = ::dup(2);
    const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    ::dup2(file, 1);
    ::dup2(file, 2);
    words.insert(words.begin(), "stemma");
    Outcome outcome;
    outcome.status = run_command_line(static_cast<int>(words.size()), words.data());
    std::fflush(stdout);
    ::dup2(saved_out, 1);
    ::dup2(saved_error, 2);
    for (const int fd : {file, saved_out, saved_error})
        ::close(fd);
    outcome.output = *read_file_text(path, 1u << 20);
    return outcome;
}

// No daemon is where these look for one.
class NoDaemons {
  public:
    NoDaemons() {
        ::setenv("XENSTORED_RUNDIR", "/nonexistent/xenstored", 1);
        ::setenv("STEMMA_RUNDIR", "/nonexistent/stemma", 1);
        ::setenv("STEMMA_REPOSITORY", "/nonexistent/store.git", 1);
    }
};

}  // namespace

TEST_CASE("what is not understood is a usage error with a hint") {
    const NoDaemons none;
    const std::pair<std::vector<const char*>, const char*> cases[] = {
        {{}, "a command is expected"},
        {{"aply", "x"}, "did you mean `stemma apply`?"},
        {{"destory", "x"}, "did you mean `stemma destroy`?"},
        {{"net", "lst"}, "did you mean `stemma net list`?"},
        {{"net"}, "there is no such command"},
        {{"xyzzy"}, "stemma --help lists them"},
        {{"apply"}, "an argument is missing"},
        {{"apply"}, "usage: stemma apply FILE"},
        {{"list", "x"}, "too many arguments"},
        {{"list", "--fresh"}, "unrecognised option '--fresh'"},
        {{"apply", "--nonsense", "x"}, "unrecognised option '--nonsense'"},
        {{"-o", "xml", "list"}, "text or json is expected"},
        {{"create", "nat", "--timeout"}, "timeout"},
        {{"create", "nat", "--timeout", "soon"}, "a whole number from 1 to 3600 is expected"},
        {{"shutdown", "--wait=soon", "nat"}, "--wait soon: a whole number from 1 to 86400"},
        {{"shutdown", "--wait"}, "an argument is missing"},
        {{"net", "attach", "p"}, "an argument is missing"},
        {{"net", "atach", "p"}, "did you mean `stemma net attach`?"},
        {{"net", "attach", "p", "mac=00:16:3e:00:00:01"}, "bridge= is missing"},
        {{"net", "attach", "p", "brigde=x"}, "did you mean bridge=?"},
        {{"net", "attach", "p", "bridge"}, "is expected"},
        {{"net", "attach", "p", "bridge=x", "bridge=y"}, "it is given twice"},
        {{"log", "relative"}, "an absolute XenStore path is expected"},
        {{"snapshot", "a/b"}, "letters, digits or '-'"},
        {{"snapshot", "a.b"}, "letters, digits or '-'"},
        {{"diff", "/stemma"}, "a snapshot"},
        {{"completion", "tcsh"}, "bash"},
        {{"build", "probo"}, "did you mean probe?"},
        {{"build", "nat", "-o", "nat.elf"}, "a file to write is named by --output-file, or -O"},
    };
    for (const auto& [words, expected] : cases) {
        const auto outcome = run(words);
        INFO(outcome.output);
        CHECK(outcome.status == 2);
        CHECK_THAT(outcome.output, Catch::Contains(expected));
    }
}

TEST_CASE("without daemons a command says which one is missing, with its own status") {
    const NoDaemons none;
    for (const std::vector<const char*>& words : {std::vector<const char*>{"list"},
                                                  {"create", "nat"},
                                                  {"destroy", "nat"},
                                                  {"shutdown", "nat"},
                                                  {"shutdown", "--wait", "nat"},
                                                  {"reboot", "nat"},
                                                  {"pause", "nat"},
                                                  {"unpause", "nat"},
                                                  {"net", "list"},
                                                  {"net", "attach", "nat", "bridge=x"},
                                                  {"net", "detach", "nat", "1"},
                                                  {"console", "nat"},
                                                  {"snapshot", "x"},
                                                  {"revert", "x"}}) {
        const auto outcome = run(words);
        INFO(outcome.output);
        CHECK(outcome.status == 6);
        CHECK_THAT(outcome.output, Catch::Contains("/nonexistent/"));
        CHECK_THAT(outcome.output, Catch::Contains("next:"));
    }
    CHECK(run({"apply", "/nonexistent/net.toml"}).status == 3);
    CHECK(run({"snapshot"}).status == 1);
}

TEST_CASE("with -o json an error is a document, wherever the option stands") {
    const NoDaemons none;
    for (const std::vector<const char*>& words : {std::vector<const char*>{"-o", "json", "list"},
                                                  {"list", "-o", "json"},
                                                  {"list", "-ojson"},
                                                  {"--output=json", "list"},
                                                  {"aply", "-o", "json"}}) {
        const auto outcome = run(words);
        INFO(outcome.output);
        CHECK(outcome.status != 0);
        CHECK_THAT(outcome.output, Catch::StartsWith("{\n  \"error\": {\n    \"kind\": "));
        CHECK_THAT(outcome.output, Catch::EndsWith("}\n"));
    }
}

TEST_CASE("help and version are asked for in any place and need no daemon") {
    const NoDaemons none;
    CHECK_THAT(run({"--version"}).output, Catch::StartsWith("stemma "));
    CHECK(run({"--help"}).status == 0);
    CHECK(run({"apply", "--help"}).status == 0);
    CHECK_THAT(run({"apply", "--help"}).output, Catch::Contains("--dry-run, -n"));
    CHECK_THAT(run({"shutdown", "--help"}).output, Catch::Contains("--wait[=SECONDS]"));
    CHECK_THAT(run({"--version", "-o", "json"}).output, Catch::Contains("\"version\": "));
    const std::string help = run({"--help"}).output;
    for (const auto& command : commands())
        CHECK_THAT(help, Catch::Contains(std::string(command.name)));
}

TEST_CASE("every command has a summary, bounds that agree and options that do not clash") {
    for (const auto& command : commands()) {
        INFO(command.name);
        CHECK(!command.summary.empty());
        CHECK(command.least <= command.most);
        CHECK(command.run);
        std::set<std::string_view> names{"help", "version", "output", "repository"};
        for (const auto& option : command.options)
            CHECK(names.insert(option.name.substr(0, option.name.find(','))).second);
    }
}

TEST_CASE("the completion script names every command") {
    const auto outcome = run({"completion", "bash"});
    CHECK(outcome.status == 0);
    for (const auto& command : commands())
        CHECK_THAT(outcome.output,
                   Catch::Contains(std::string(command.name.substr(0, command.name.find(' ')))));
}

}  // namespace stemma::toolstack
