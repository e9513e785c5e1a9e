#include <boost/program_options.hpp>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "toolstack/command.hpp"
#include "toolstack/spelling.hpp"
#include "toolstack/version.hpp"

namespace stemma::toolstack {

namespace {

namespace po = boost::program_options;

// Where xenstored publishes.
std::string default_repository() {
    const char* path = std::getenv("STEMMA_REPOSITORY");
    return path != nullptr && *path != '\0' ? path : "/var/lib/stemma/store.git";
}

std::string help() {
    std::string text =
        "usage: stemma [-o text|json] [--repository DIR] COMMAND ...\n\n"
        "A Xen toolstack whose XenStore remembers.\n\n";
    for (const auto& command : commands()) {
        std::string head = "  " + std::string(command.name) + ' ' + std::string(command.arguments);
        head.resize(std::max<std::size_t>(head.size() + 1, 24), ' ');
        text += head + std::string(command.summary) + '\n';
    }
    text +=
        "\n  --help, -h            of stemma, or of a command\n"
        "  --version, -V\n"
        "  --output, -o FORMAT   text, or json: one document, errors too\n"
        "  --repository DIR      where xenstored publishes (" +
        default_repository() +
        ")\n\nExit status: 0 done, 1 failed, 2 usage, 3 configuration file, 4 not found, 5 "
        "refused,\n"
        "6 xenstored or agent not reachable, 7 done in part. See stemma(1).";
    return text;
}

std::string help(const Command& command) {
    std::string text = "usage: stemma " + std::string(command.name);
    if (!command.arguments.empty()) text += ' ' + std::string(command.arguments);
    text += "\n\n" + std::string(command.summary);
    if (!command.options.empty()) text += '\n';
    for (const auto& option : command.options) {
        const auto comma = option.name.find(',');
        std::string head = "\n  --" + std::string(option.name.substr(0, comma));
        if (comma != std::string_view::npos) {
            head += ", -" + std::string(option.name.substr(comma + 1));
        }
        if (!option.left_out.empty()) {
            head += "[=" + std::string(option.value) + ']';
        } else if (!option.value.empty()) {
            head += ' ' + std::string(option.value);
        }
        head.resize(std::max<std::size_t>(head.size() + 2, 25), ' ');
        text += head + std::string(option.help);
    }
    return text;
}

// The command that the first words name, and how many of them; null when none.
const Command* find_command(const std::vector<std::string>& words, std::size_t& used) {
    for (const auto& command : commands()) {
        const bool two = command.name.find(' ') != std::string_view::npos;
        const std::string given =
            two && words.size() > 1 ? words[0] + ' ' + words[1] : words.front();
        if (given == command.name) {
            used = two ? 2 : 1;
            return &command;
        }
    }
    return nullptr;
}

std::unexpected<Error> usage(std::string on, std::string cause, std::string next) {
    return failure(ErrorKind::usage, "understand", std::move(on), std::move(cause),
                   std::move(next));
}

std::unexpected<Error> unknown_command(const std::vector<std::string>& words) {
    std::vector<std::string_view> names;
    for (const auto& command : commands())
        names.push_back(command.name);
    std::string given = words.front();
    if (given == "net" && words.size() > 1) given += ' ' + words[1];
    const auto near = closest(given, names);
    return usage("the command " + given, "there is no such command",
                 near.empty() ? "stemma --help lists them"
                              : "did you mean `stemma " + std::string(near) + "`?");
}

struct Parsed {
    const Command* command = nullptr;  // null: only help or version was asked for
    std::vector<std::string> words;
    std::map<std::string, std::string> options;
    bool json = false;
    bool help = false;
    bool version = false;
    std::string repository;
};

void add_options(po::options_description& description, std::span<const Option> options) {
    for (const auto& option : options) {
        const std::string name(option.name);
        if (option.value.empty()) {
            description.add_options()(name.c_str(), "");
        } else {
            description.add_options()(name.c_str(), po::value<std::string>(), "");
        }
    }
}

// Boost takes the word that follows for the value of an option that could have one.
void add_left_out_values(std::vector<std::string>& arguments) {
    for (const auto& command : commands()) {
        for (const auto& option : command.options) {
            if (option.left_out.empty()) continue;
            const std::string bare = "--" + std::string(option.name);
            std::ranges::replace(arguments, bare, bare + '=' + std::string(option.left_out));
        }
    }
}

// Options may stand before and after the command's name; which ones there are depends on the
// command, so its name is looked for first, among all words.
Result<Parsed> parse(std::vector<std::string> arguments) {
    static const std::vector<Option> global{{"help,h", "", ""},
                                            {"version,V", "", ""},
                                            {"output,o", "FORMAT", ""},
                                            {"repository", "DIR", ""}};
    add_left_out_values(arguments);
    Parsed parsed;
    const auto run = [&](const Command* command) {
        po::options_description visible;
        add_options(visible, global);
        if (command != nullptr) {
            add_options(visible, command->options);
        } else {
            // Not to stumble over options of the command that is still to be found.
            for (const auto& each : commands()) {
                for (const auto& option : each.options) {
                    const std::string name(option.name);
                    if (visible.find_nothrow(name.substr(0, name.find(',')), false) == nullptr) {
                        add_options(visible, std::span(&option, 1));
                    }
                }
            }
        }
        visible.add_options()("word", po::value<std::vector<std::string>>(), "");
        po::positional_options_description positional;
        positional.add("word", -1);
        po::variables_map values;
        po::store(po::command_line_parser(arguments).options(visible).positional(positional).run(),
                  values);
        parsed.words.clear();
        parsed.options.clear();
        for (const auto& [name, value] : values) {
            if (name == "word") {
                parsed.words = value.as<std::vector<std::string>>();
            } else {
                const auto* text = boost::any_cast<std::string>(&value.value());
                parsed.options[name] = text == nullptr ? "" : *text;
            }
        }
    };
    // The one place where exceptions are: the library throws them.
    try {
        run(nullptr);
        parsed.help = parsed.options.contains("help");
        parsed.version = parsed.options.contains("version");
        std::size_t used = 0;
        if (!parsed.words.empty()) {
            parsed.command = find_command(parsed.words, used);
            if (parsed.command == nullptr) return unknown_command(parsed.words);
            run(parsed.command);
            parsed.words.erase(parsed.words.begin(),
                               parsed.words.begin() + static_cast<std::ptrdiff_t>(used));
        }
    } catch (const po::error& error) {
        return usage("the command line", error.what(),
                     parsed.command == nullptr
                         ? "stemma --help"
                         : "stemma " + std::string(parsed.command->name) + " --help");
    }
    const std::string output =
        parsed.options.contains("output") ? parsed.options["output"] : "text";
    if (output != "text" && output != "json") {
        return usage("-o " + output, "text or json is expected",
                     parsed.command != nullptr && parsed.command->name == "build"
                         ? "a file to write is named by --output-file, or -O"
                         : "");
    }
    parsed.json = output == "json";
    parsed.repository =
        parsed.options.contains("repository") ? parsed.options["repository"] : default_repository();
    for (const auto& option : global)
        parsed.options.erase(std::string(option.name.substr(0, option.name.find(','))));
    if (parsed.command == nullptr || parsed.help) return parsed;
    if (parsed.words.size() < parsed.command->least || parsed.words.size() > parsed.command->most) {
        return usage("the command " + std::string(parsed.command->name),
                     parsed.words.size() < parsed.command->least ? "an argument is missing"
                                                                 : "too many arguments",
                     "usage: stemma " + std::string(parsed.command->name) + ' ' +
                         std::string(parsed.command->arguments));
    }
    return parsed;
}

}  // namespace

int run_command_line(int argc, const char* const* argv) {
    const std::vector<std::string> arguments(argv + 1, argv + argc);
    auto parsed = parse(arguments);
    if (!parsed) {
        // What the format was to be may be the very thing that was not understood.
        const bool json = std::ranges::find(arguments, "json") != arguments.end() ||
                          std::ranges::find(arguments, "-ojson") != arguments.end() ||
                          std::ranges::find(arguments, "--output=json") != arguments.end();
        Printer(json).error(parsed.error());
        return static_cast<int>(parsed.error().kind);
    }
    Printer printer(parsed->json);
    if (parsed->version) {
        printer.line("stemma " + std::string(version));
        printer.document(Json::object().set("version", version));
        return 0;
    }
    if (parsed->help || parsed->command == nullptr) {
        const std::string text = parsed->command == nullptr ? help() : help(*parsed->command);
        if (!parsed->help) {
            printer.error({.kind = ErrorKind::usage,
                           .tried = "do",
                           .on = "nothing",
                           .cause = "a command is expected",
                           .next = "stemma --help lists them"});
            return static_cast<int>(ErrorKind::usage);
        }
        printer.line(text);
        printer.document(Json::object().set("help", text));
        return 0;
    }
    Surroundings surroundings(parsed->repository);
    Invocation call{std::move(parsed->words), std::move(parsed->options), surroundings, printer};
    const auto status = parsed->command->run(call);
    if (status) return *status;
    printer.error(status.error());
    return static_cast<int>(status.error().kind);
}

}  // namespace stemma::toolstack
