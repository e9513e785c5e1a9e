#include "probe/options.hpp"

#include <array>

#include "probe/dns_query.hpp"
#include "rt/arguments.hpp"
#include "xs_wire/path.hpp"

namespace stemma::probe {

namespace {

// Those of Options, then those of Tasks.
constexpr std::array<std::string_view, 16> keys{
    "address", "gateway", "echo",  "resolver", "resolve", "repeat", "timeout", "tries",
    "stream",  "rate",    "flows", "to",       "passes",  "query",  "ping",    "turn"};
constexpr std::size_t first_task_key = 3;

// Reads words one by one and keeps the first error.
class Reader {
  public:
    explicit Reader(const rt::Arguments& words) : words_(words) {}

    std::optional<std::string_view> get(std::string_view key) const { return words_.get(key); }

    // The word's value by `parse`; `form` says what it should look like.
    template <typename Parse>
    auto read(std::string_view key, std::string_view form, Parse parse)
        -> decltype(parse(std::string_view())) {
        const auto text = get(key);
        if (!text) return std::nullopt;
        auto value = parse(*text);
        if (!value) fail(key, "\"" + std::string(*text) + "\" is not " + std::string(form));
        return value;
    }

    void fail(std::string_view key, std::string_view why) {
        if (error_.empty()) error_ = std::string(key) + ": " + std::string(why);
    }
    const std::string& error() const { return error_; }

  private:
    const rt::Arguments& words_;
    std::string error_;
};

template <std::uint64_t limit>
std::optional<std::uint64_t> parse_count(std::string_view text) {
    const auto number = net::parse_number(text, limit);
    return number && *number > 0 ? number : std::nullopt;
}

// Says when `key` was given without what it belongs to.
void needs(Reader& words, std::string_view key, std::string_view other) {
    if (words.get(key) && !words.get(other)) words.fail(key, "needs " + std::string(other) + "=");
}

// For names and for flows.
void read_timeout(Reader& words, rt::Duration& timeout) {
    const auto given = words.read("timeout", "a time such as 1s or 250ms", parse_duration);
    if (given) timeout = *given;
}

std::optional<ResolveOptions> read_resolve(Reader& words, std::string& names_node) {
    ResolveOptions options;
    const auto resolver = words.read("resolver", "an IPv4 address", net::parse_ipv4);
    if (resolver) options.resolver = *resolver;
    options.repeat = words.read("repeat", "a time such as 1s or 250ms", parse_duration);
    read_timeout(words, options.timeout);
    const auto tries = words.read("tries", "a number from 1 to 10", parse_count<10>);
    if (tries) options.tries = static_cast<unsigned>(*tries);
    for (const std::string_view key : {"repeat", "tries"})
        needs(words, key, "resolve");
    needs(words, "resolve", "resolver");
    const auto names = words.get("resolve");
    if (!names) return std::nullopt;
    if (names->starts_with('@')) {
        names_node = names->substr(1);
        if (!xs::is_absolute_path(names_node)) words.fail("resolve", "no store path behind '@'");
    } else {
        auto parsed = parse_names(*names);
        if (parsed)
            options.names = std::move(*parsed);
        else
            words.fail("resolve", parsed.error());
    }
    return options;
}

std::optional<FlowOptions> read_flows(Reader& words) {
    FlowOptions options;
    const auto to =
        words.read("to", "an address and port such as 10.0.0.53:53", net::parse_endpoint);
    if (to) options.to = *to;
    const auto passes = words.read("passes", "a number from 1 to 1000", parse_count<1000>);
    if (passes) options.passes = static_cast<unsigned>(*passes);
    read_timeout(words, options.timeout);
    if (const auto name = words.get("query")) {
        const auto parsed = parse_names(*name);
        if (!parsed || parsed->size() != 1)
            words.fail("query", "\"" + std::string(*name) + "\" is not a host name");
        else
            options.query = parsed->front();
    }
    for (const std::string_view key : {"to", "passes", "query"})
        needs(words, key, "flows");
    needs(words, "flows", "to");
    const auto flows =
        words.read("flows", "a number from 1 to 30000", parse_count<FlowOptions::flows_max>);
    if (!flows) return std::nullopt;
    options.flows = *flows;
    return options;
}

Tasks read_tasks(Reader& words) {
    Tasks tasks;
    tasks.resolve = read_resolve(words, tasks.names_node);
    tasks.flows = read_flows(words);
    if (!words.get("resolve") && !words.get("flows")) needs(words, "timeout", "resolve= or flows");
    tasks.turn = words.get("turn").value_or("");
    tasks.ping = words.read("ping", "an IPv4 address", net::parse_ipv4);
    const auto to =
        words.read("stream", "an address and port such as 10.0.0.2:7", net::parse_endpoint);
    const auto rate =
        words.read("rate", "bytes a second, up to 100000000", parse_count<100'000'000>);
    needs(words, "rate", "stream");
    if (to) {
        tasks.stream = StreamOptions{*to};
        if (rate) tasks.stream->rate = *rate;
    }
    return tasks;
}

}  // namespace

std::expected<Tasks, std::string> Tasks::parse(std::string_view text) {
    const auto words = rt::Arguments::parse(text, std::span(keys).subspan(first_task_key));
    if (!words) return std::unexpected(words.error());
    Reader reader(*words);
    auto tasks = read_tasks(reader);
    if (!reader.error().empty()) return std::unexpected(reader.error());
    return tasks;
}

std::expected<Options, std::string> Options::parse(std::string_view text) {
    const auto words = rt::Arguments::parse(text, keys);
    if (!words) return std::unexpected(words.error());
    Reader reader(*words);
    Options options;
    const auto address =
        reader.read("address", "of the form vif0,10.0.1.2/24", net::parse_vif_address);
    if (address)
        options.address = *address;
    else
        reader.fail("address", "missing; it is of the form vif0,10.0.1.2/24");
    options.gateway = reader.read("gateway", "an IPv4 address", net::parse_ipv4);
    if (options.gateway && !options.address.interface.contains(*options.gateway))
        reader.fail("gateway", "not on the network of the address");
    const auto echo = reader.read("echo", "a port", parse_count<65535>);
    if (echo) options.echo = static_cast<std::uint16_t>(*echo);
    options.tasks = read_tasks(reader);
    if (!reader.error().empty()) return std::unexpected(reader.error());
    return options;
}

std::expected<std::vector<std::string>, std::string> parse_names(std::string_view text) {
    constexpr std::string_view separators = ", \t\r\n";
    std::vector<std::string> names;
    while (true) {
        const auto begin = text.find_first_not_of(separators);
        if (begin == std::string_view::npos) break;
        text.remove_prefix(begin);
        const auto name = text.substr(0, text.find_first_of(separators));
        text.remove_prefix(name.size());
        std::array<std::uint8_t, dns_query_max> query;
        if (!write_dns_query(query, 0, name))
            return std::unexpected("\"" + std::string(name) + "\" is not a host name");
        if (names.size() == ResolveOptions::names_max)
            return std::unexpected("more than " + std::to_string(ResolveOptions::names_max) +
                                   " names");
        names.emplace_back(name);
    }
    if (names.empty()) return std::unexpected("no name");
    return names;
}

std::optional<rt::Duration> parse_duration(std::string_view text) {
    struct Unit {
        std::string_view name;
        rt::Duration length;
    };
    constexpr Unit units[] = {{"ms", rt::Duration::milliseconds(1)},
                              {"us", rt::Duration::microseconds(1)},
                              {"s", rt::Duration::seconds(1)}};
    for (const auto& unit : units) {
        if (!text.ends_with(unit.name)) continue;
        text.remove_suffix(unit.name.size());
        const auto limit = rt::Duration::seconds(3600).nanoseconds / unit.length.nanoseconds;
        const auto count = net::parse_number(text, static_cast<std::uint64_t>(limit));
        if (!count || *count == 0) return std::nullopt;
        return unit.length * static_cast<std::int64_t>(*count);
    }
    return std::nullopt;
}

}  // namespace stemma::probe
