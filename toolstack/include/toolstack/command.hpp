#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "toolstack/error.hpp"
#include "toolstack/json.hpp"
#include "toolstack/netlink_links.hpp"
#include "toolstack/platform.hpp"
#include "toolstack/socket_store.hpp"

namespace stemma::toolstack {

// What a command may reach, connected when first asked for.
class Surroundings {
  public:
    explicit Surroundings(std::string repository) : repository_(std::move(repository)) {}

    Result<Store*> store();
    Result<Platform*> platform();
    Result<Links*> links();
    const std::string& repository() const { return repository_; }
    // So that what was written a moment ago is seen in the repository; where no xenstored runs, or
    // one that remembers nothing, what was published is.
    void await_publication();

  private:
    std::string repository_;
    std::unique_ptr<SocketStore> store_;
    std::unique_ptr<NetlinkLinks> links_;
    std::unique_ptr<Platform> platform_;  // uses the others
};

// How a command speaks: text as it goes along, or one JSON document at the end.
class Printer {
  public:
    explicit Printer(bool json) : json_(json) {}

    bool is_json() const { return json_; }
    // To standard output, in text mode only; at once, so that a reader of a pipe sees it.
    void line(std::string_view text);
    void raw(std::string_view text);
    // The document, in JSON mode only.
    void document(const Json& json);
    // To standard error in text mode; as {"error": ...} to standard output in JSON mode.
    void error(const Error& error);

  private:
    bool json_;
};

Json to_json(const Error& error);

// One call of a command.
struct Invocation {
    std::vector<std::string> words;              // after the command's name
    std::map<std::string, std::string> options;  // by long name; a flag's value is empty
    Surroundings& surroundings;
    Printer& printer;

    bool has(const std::string& option) const { return options.contains(option); }
    std::string value(const std::string& option, std::string_view otherwise) const;
};

struct Option {
    std::string_view name;   // "timeout"; "follow,f" with a letter
    std::string_view value;  // what stands for its value in the help; empty: a flag
    std::string_view help;
    // Its value when it is given without one; empty: the value must be there. `--NAME VALUE` is
    // then no way to give one, since a word may follow.
    std::string_view left_out = {};
};

struct Command {
    std::string_view name;       // "net list" has two words
    std::string_view arguments;  // "NAME [PATH]"
    std::string_view summary;    // one line
    std::size_t least = 0;       // words after the name
    std::size_t most = 0;
    std::vector<Option> options;
    // The exit status, or an error for the caller to print.
    std::function<Result<int>(Invocation&)> run;
};

// All of them, in the order of the help.
std::span<const Command> commands();

// The whole of main(): parses, runs, prints; the exit status.
int run_command_line(int argc, const char* const* argv);

}  // namespace stemma::toolstack
