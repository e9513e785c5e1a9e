#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/text.hpp"
#include "rt/time.hpp"

namespace stemma::probe {

struct ResolveOptions {
    static constexpr std::size_t names_max = 64;

    net::Ipv4Address resolver;
    std::vector<std::string> names;
    std::optional<rt::Duration> repeat;  // nothing: once
    rt::Duration timeout = rt::Duration::seconds(1);
    unsigned tries = 3;
};

struct StreamOptions {
    net::Ipv4Endpoint to;
    std::uint64_t rate = 20'000;  // bytes a second
};

struct FlowOptions {
    static constexpr std::size_t flows_max = 30'000;

    net::Ipv4Endpoint to;
    std::size_t flows = 0;
    unsigned passes = 1;  // the first makes flows, the others use them again
    std::string query;    // each datagram asks for this name; empty: plain text, for an echo server
    rt::Duration timeout = rt::Duration::seconds(1);  // for an answer
};

// What the probe is told to do: on its command line, or in data/probe/command.
//
//   resolver=IP resolve=NAME[,NAME..]|@/path/in/store [repeat=1s] [timeout=1s] [tries=3]
//   stream=IP:PORT [rate=BYTES-A-SECOND]
//   flows=N to=IP:PORT [passes=2] [query=NAME] [timeout=1s]
//   ping=IP
//   turn=TEXT    sets a command off from the one before it with the same words
struct Tasks {
    std::optional<ResolveOptions> resolve;
    std::string names_node;  // where the names to resolve stand, instead of in `resolve`
    std::optional<StreamOptions> stream;
    std::optional<FlowOptions> flows;
    std::optional<net::Ipv4Address> ping;
    std::string turn;

    // The error names the word. At most the keys above.
    static std::expected<Tasks, std::string> parse(std::string_view text);
};

// The command line: where the probe stands, and its first tasks.
//
//   address=vif0,10.0.1.2/24 [gateway=10.0.1.1] [echo=PORT] TASKS
struct Options {
    net::VifAddress address;
    std::optional<net::Ipv4Address> gateway;
    std::optional<std::uint16_t> echo;  // sends UDP and TCP back that come to this port
    Tasks tasks;

    static std::expected<Options, std::string> parse(std::string_view text);
};

// Names separated by commas, blanks or ends of lines; the error names the one that is no host name.
std::expected<std::vector<std::string>, std::string> parse_names(std::string_view text);

// "1s", "250ms", "50us": above zero, at most an hour.
std::optional<rt::Duration> parse_duration(std::string_view text);

}  // namespace stemma::probe
