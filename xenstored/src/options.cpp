#include "xenstored/options.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <climits>
#include <optional>
#include <string_view>

#include "xenstored/payload.hpp"

namespace stemma::xenstored {

namespace {

enum class Argument { none, required, optional };

struct Flag {
    char letter;  // our own flags have capital letters beyond the alphabet: 1, 2, 3
    std::string_view name;
    Argument argument;
    std::string_view help;  // empty: accepted for the sake of older releases, and does nothing
};

constexpr char flag_repository = 1;
constexpr char flag_no_repository = 2;
constexpr char flag_publish_interval = 3;
constexpr char flag_history_budget = 6;
constexpr char flag_history_days = 7;
constexpr char flag_secrets_hours = 8;
constexpr char flag_trace_control = 4;
constexpr char flag_take_over = 5;
constexpr char flag_no_restart = 9;

constexpr std::array flags{
    Flag{'D', "no-domain-init", Argument::none, ""},
    Flag{'E', "entry-nb", Argument::required, "<nb>     limit the number of entries per domain"},
    Flag{'F', "pid-file", Argument::required, "<file>   where the daemon's pid is written"},
    Flag{'H', "help", Argument::none, "output this message"},
    Flag{'I', "internal-db", Argument::optional, ""},
    Flag{'K', "keep-orphans", Argument::none,
         "keep nodes of a domain that is gone (a security risk)"},
    Flag{'N', "no-fork", Argument::none, "stay in the foreground"},
    Flag{'P', "output-pid", Argument::none, "output the pid of the daemon"},
    Flag{'S', "entry-size", Argument::required, "<size>   limit the size of an entry"},
    Flag{'T', "trace-file", Argument::required, "<file>   trace requests and replies there"},
    Flag{'t', "transaction", Argument::required, "<nb>     limit transactions per domain"},
    Flag{'A', "perm-nb", Argument::required, "<nb>     limit permissions per node"},
    Flag{'M', "path-max", Argument::required, "<chars>  limit the length of a path"},
    Flag{'Q', "quota", Argument::required,
         "<what>=<nb>  set a quota: transaction-nodes, memory, outstanding"},
    Flag{'q', "quota-soft", Argument::required, "<what>=<nb>  set a soft quota: memory"},
    Flag{'R', "no-recovery", Argument::none, ""},
    Flag{'V', "verbose", Argument::none, ""},
    Flag{'W', "watch-nb", Argument::required, "<nb>     limit watches per domain"},
    Flag{'w', "timeout", Argument::required, "<what>=<seconds>  set a timeout: watch-event"},
    Flag{'U', "live-update", Argument::none,
         "go on where C xenstored left its state (live update)"},
    Flag{'e', "event", Argument::required, ""},
    Flag{'m', "master-domid", Argument::required, ""},
    Flag{'p', "priv-domid", Argument::required, "<domid>  a domain as privileged as domain 0"},
    Flag{flag_trace_control, "trace-control", Argument::required,
         "+|-<class>  what the trace shows: obj, io, wrl, acc, tdb"},
    Flag{flag_repository, "repository", Argument::required,
         "<dir>    the store's history (default /var/lib/stemma/store.git)"},
    Flag{flag_no_repository, "no-repository", Argument::none, "keep no history"},
    Flag{flag_publish_interval, "publish-interval", Argument::required,
         "<ms>     how long changes wait for company before they are published"},
    Flag{flag_take_over, "take-over", Argument::required,
         "<fd>     go on where another xenstored of ours left its state (live update)"},
    Flag{flag_history_budget, "history-budget", Argument::required,
         "<MB>     how much disk the history may take (512)"},
    Flag{flag_history_days, "history-days", Argument::required,
         "<days>   how long history is kept (30)"},
    Flag{flag_secrets_hours, "secrets-hours", Argument::required,
         "<hours>  when a dead domain's data is gone from history (24)"},
    Flag{flag_no_restart, "no-restart", Argument::none,
         "keep neither a restart log nor a keeper: a crash loses all clients"},
};

const Flag* find_letter(char letter) {
    const auto found = std::ranges::find(flags, letter, &Flag::letter);
    return letter > 31 && found != flags.end() ? &*found : nullptr;
}

// By its name or an unambiguous beginning of it, as getopt_long() does.
std::expected<const Flag*, std::string> find_name(std::string_view name) {
    const Flag* found = nullptr;
    for (const Flag& flag : flags) {
        if (flag.name == name) return &flag;
        if (!flag.name.starts_with(name)) continue;
        if (found != nullptr) {
            return std::unexpected("option '--" + std::string(name) + "' is ambiguous");
        }
        found = &flag;
    }
    if (found == nullptr) {
        return std::unexpected("unrecognized option '--" + std::string(name) + "'");
    }
    return found;
}

std::expected<int, std::string> number(std::string_view text) {
    int value = 0;
    const auto [stopped, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || stopped != text.data() + text.size() || value < 0) {
        return std::unexpected("invalid parameter value \"" + std::string(text) + "\"");
    }
    return value;
}

// What C reads by strtol() and does not check.
std::size_t lenient(std::string_view text) {
    return static_cast<std::size_t>(std::max(leading_number(text), 0));
}

using Done = std::expected<void, std::string>;

Done set_retention(store::Retention& retention, char letter, std::string_view value) {
    const auto count = number(value);
    if (!count) return std::unexpected(count.error());
    if (*count < 1) return std::unexpected("\"" + std::string(value) + "\" is too little to keep");
    if (letter == flag_history_budget) {
        retention.budget = static_cast<std::uint64_t>(*count) << 20;
    } else if (letter == flag_history_days) {
        retention.keep = std::chrono::days(*count);
    } else {
        retention.secrets = std::chrono::hours(*count);
    }
    return {};
}

Done set_quota(Options& options, std::string_view text, bool soft) {
    const auto equals = text.find('=');
    if (equals == std::string_view::npos) {
        return std::unexpected("quotas must be specified via <what>=<nb>");
    }
    const auto value = number(text.substr(equals + 1));
    if (!value) return std::unexpected(value.error());
    const auto what = text.substr(0, equals);
    const auto count = static_cast<std::size_t>(*value);
    if (what == "outstanding" && !soft) {
        options.limits.outstanding = count;
    } else if (what == "transaction-nodes" && !soft) {
        options.limits.transaction_nodes = count;
    } else if (what == "memory") {
        (soft ? options.limits.memory_soft : options.limits.memory) = count;
    } else {
        return std::unexpected("unknown quota \"" + std::string(text) + "\"");
    }
    return {};
}

Done set_timeout(Options& options, std::string_view text) {
    const auto equals = text.find('=');
    if (equals == std::string_view::npos) {
        return std::unexpected("quotas must be specified via <what>=<seconds>");
    }
    const auto value = number(text.substr(equals + 1));
    if (!value) return std::unexpected(value.error());
    if (text.substr(0, equals) != "watch-event") {
        return std::unexpected("unknown timeout \"" + std::string(text) + "\"");
    }
    options.limits.event_timeout = std::chrono::seconds(*value);
    return {};
}

Done apply(Options& options, const Flag& flag, std::string_view value) {
    switch (flag.letter) {
        case 'E':
            options.limits.nodes = lenient(value);
            break;
        case 'F':
            options.pid_file = value;
            break;
        case 'H':
            options.help = true;
            break;
        case 'K':
            options.keep_orphans = true;
            break;
        case 'N':
            options.fork = false;
            break;
        case 'P':
            options.print_pid = true;
            break;
        case 'S':
            options.limits.node_size = lenient(value);
            break;
        case 'T':
            options.trace_file = value;
            break;
        case 't':
            options.limits.transactions = lenient(value);
            break;
        case 'A':
            options.limits.permissions = lenient(value);
            break;
        case 'M':
            options.limits.path_max = std::min(lenient(value), default_path_max);
            break;
        case 'Q':
            return set_quota(options, value, false);
        case 'q':
            return set_quota(options, value, true);
        case flag_trace_control:
            options.trace_switches.emplace_back(value);
            break;
        case 'U':
            options.after_c = true;
            break;
        case flag_take_over: {
            const auto descriptor = number(value);
            if (!descriptor) return std::unexpected(descriptor.error());
            options.take_over = *descriptor;
            break;
        }
        case 'V':
            options.verbose = true;
            break;
        case 'W':
            options.limits.watches = lenient(value);
            break;
        case 'w':
            return set_timeout(options, value);
        case 'p':
            options.privileged_domain = static_cast<xs::DomainId>(lenient(value));
            break;
        case flag_repository:
            options.repository = value;
            break;
        case flag_no_repository:
            options.repository.clear();
            break;
        case flag_no_restart:
            options.restartable = false;
            break;
        case flag_publish_interval: {
            const auto interval = number(value);
            if (!interval) return std::unexpected(interval.error());
            options.publish_interval = std::chrono::milliseconds(*interval);
            break;
        }
        case flag_history_budget:
        case flag_history_days:
        case flag_secrets_hours:
            return set_retention(options.retention, flag.letter, value);
        default:
            break;
    }
    return {};
}

}  // namespace

std::expected<Options, std::string> parse_options(std::span<const char* const> arguments,
                                                  const std::string& environment_repository) {
    Options options;
    options.repository =
        environment_repository.empty() ? default_repository : environment_repository;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const std::string_view word = arguments[i];
        const auto next = [&]() -> std::optional<std::string_view> {
            if (i + 1 >= arguments.size()) return std::nullopt;
            return arguments[++i];
        };
        if (word.starts_with("--") && word.size() > 2) {
            const auto equals = word.find('=');
            const auto flag = find_name(word.substr(2, equals - 2));
            if (!flag) {
                options.warnings.push_back(flag.error());
                continue;
            }
            std::optional<std::string_view> value;
            if (equals != std::string_view::npos) {
                value = word.substr(equals + 1);
            } else if ((*flag)->argument == Argument::required) {
                value = next();
            }
            if ((*flag)->argument == Argument::required && !value) {
                return std::unexpected("option '" + std::string(word) + "' requires an argument");
            }
            if (auto done = apply(options, **flag, value.value_or("")); !done) {
                return std::unexpected(done.error());
            }
        } else if (word.starts_with('-') && word.size() > 1 && word != "--") {
            for (std::size_t at = 1; at < word.size(); ++at) {
                const Flag* const flag = find_letter(word[at]);
                if (flag == nullptr) {
                    options.warnings.push_back("invalid option -- '" + std::string(1, word[at]) +
                                               "'");
                    continue;
                }
                std::string_view value;
                if (flag->argument != Argument::none) {
                    value = word.substr(at + 1);
                    at = word.size();
                    if (value.empty() && flag->argument == Argument::required) {
                        const auto following = next();
                        if (!following) {
                            return std::unexpected("option requires an argument -- '" +
                                                   std::string(1, flag->letter) + "'");
                        }
                        value = *following;
                    }
                }
                if (auto done = apply(options, *flag, value); !done) {
                    return std::unexpected(done.error());
                }
            }
        } else {
            return std::unexpected("No arguments desired");
        }
    }
    return options;
}

std::vector<std::string> inherited_arguments(std::span<const std::string> arguments, bool to_ours) {
    std::vector<std::string> inherited;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const std::string_view word = arguments[i];
        const auto equals = word.find('=');
        const bool is_long = word.starts_with("--") && word.size() > 2;
        const auto flag = is_long ? find_name(word.substr(2, equals - 2)) : nullptr;
        const bool ours = flag && *flag != nullptr && (*flag)->letter <= 31;
        const bool of_update = (flag && *flag != nullptr && (*flag)->letter == flag_take_over) ||
                               word == "-U" || word == "--live-update";
        if (!of_update && (to_ours || !ours)) {
            inherited.emplace_back(word);
            continue;
        }
        const bool has_value = ours && (*flag)->argument == Argument::required;
        if (has_value && equals == std::string_view::npos) ++i;
    }
    return inherited;
}

std::vector<std::string> with_absolute_paths(std::vector<std::string> arguments,
                                             const std::string& here) {
    const auto is_path = [](const Flag& flag) {
        return flag.letter == 'F' || flag.letter == 'T' || flag.letter == flag_repository;
    };
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const std::string_view word = arguments[i];
        const Flag* flag = nullptr;
        std::size_t value = std::string_view::npos;  // where it begins in this word
        if (word.starts_with("--")) {
            const auto equals = word.find('=');
            flag = find_name(word.substr(2, equals - 2)).value_or(nullptr);
            if (equals != std::string_view::npos) value = equals + 1;
        } else {
            for (std::size_t at = 1; at < word.size() && flag == nullptr; ++at) {
                const Flag* const found = find_letter(word[at]);
                if (found == nullptr || found->argument == Argument::none) continue;
                flag = found;
                if (at + 1 < word.size()) value = at + 1;
            }
        }
        if (flag == nullptr) continue;
        if (value == std::string_view::npos && flag->argument == Argument::required) {
            ++i;
            value = 0;
        }
        if (!is_path(*flag) || i >= arguments.size() || value >= arguments[i].size()) continue;
        if (arguments[i][value] != '/') arguments[i].insert(value, here + '/');
    }
    return arguments;
}

std::string usage() {
    std::string text = "Usage:\n\n  xenstored <options>\n\nwhere options may include:\n\n";
    for (const Flag& flag : flags) {
        if (flag.help.empty()) continue;
        text += "  ";
        if (flag.letter > 31) text.append("-").append(1, flag.letter).append(", ");
        text.append("--").append(flag.name);
        text.append(flag.argument == Argument::none ? "  " : " ").append(flag.help) += '\n';
    }
    text += "\nAccepted and without effect:";
    for (const Flag& flag : flags) {
        if (flag.help.empty()) text.append(" --").append(flag.name);
    }
    return text + '\n';
}

}  // namespace stemma::xenstored
