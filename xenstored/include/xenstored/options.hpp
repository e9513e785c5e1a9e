#pragma once

#include <chrono>
#include <expected>
#include <span>
#include <string>
#include <vector>

#include "store/publisher.hpp"
#include "xenstored/limits.hpp"
#include "xs_wire/path.hpp"

namespace stemma::xenstored {

// The command line: that of C xenstored, older releases included, so that launch-xenstore, init
// scripts and an operator's XENSTORED_ARGS go on working; and some flags of our own.
struct Options {
    Limits limits;
    std::string pid_file;                     // -F, --pid-file
    std::string trace_file;                   // -T, --trace-file
    std::vector<std::string> trace_switches;  // --trace-control, in their order
    bool fork = true;                         // -N, --no-fork
    bool print_pid = false;                   // -P, --output-pid
    bool verbose = false;                     // -V
    bool keep_orphans = false;                // -K
    bool restartable = true;                  // --no-restart
    bool help = false;                        // -H
    bool after_c = false;                     // -U: C xenstored left its state
    int take_over = -1;                  // --take-over: another of ours did, in this descriptor
    xs::DomainId privileged_domain = 0;  // -p, --priv-domid
    std::vector<std::string> warnings;   // flags nobody knows; C goes on without them, too
    std::string repository;              // --repository; empty: --no-repository
    std::chrono::milliseconds publish_interval{500};  // --publish-interval
    store::Retention retention;  // --history-budget, --history-days, --secrets-hours
};

inline constexpr char default_repository[] = "/var/lib/stemma/store.git";

// `environment_repository` is STEMMA_REPOSITORY, or empty. The error is what C would say, one line.
std::expected<Options, std::string> parse_options(std::span<const char* const> arguments,
                                                  const std::string& environment_repository);

// The arguments of this program for the one that it becomes by a live update: without those that
// said whom it took over from, and, for C, without our own.
std::vector<std::string> inherited_arguments(std::span<const std::string> arguments, bool to_ours);

// The same arguments, with relative paths made absolute from `here`.
std::vector<std::string> with_absolute_paths(std::vector<std::string> arguments,
                                             const std::string& here);

std::string usage();

}  // namespace stemma::xenstored
