#pragma once

#include <string>
#include <vector>

#include "toolstack/configuration.hpp"
#include "toolstack/domain_nodes.hpp"

namespace stemma::toolstack {

// Which of its configured interfaces a running guest has. An interface is known by its MAC: its
// place in the configuration changes when one before it goes, the number of its vif does not.
struct InterfaceMatch {
    struct Wanted {
        unsigned number = 0;   // of its vif: which it has, or is to get
        bool present = false;  // the guest has it
    };
    std::vector<Wanted> wanted;      // by place in Guest::interfaces
    std::vector<unsigned> unwanted;  // numbers of vifs that are not configured

    bool is_same() const;
};

InterfaceMatch match_interfaces(const Guest& guest, const std::vector<RunningVif>& vifs);

// The command line with the interfaces alone that the guest has.
std::string present_command_line(const Guest& guest, const InterfaceMatch& match);

// Whether a guest that was started with `arguments` would be started with the same today, but for
// the words of interfaces that came or went since.
bool has_same_words(const std::string& arguments, const Guest& guest, const InterfaceMatch& match);

}  // namespace stemma::toolstack
