#pragma once

#include <string>
#include <vector>

#include "toolstack/configuration.hpp"

namespace stemma::toolstack {

// One line of a plan: what is added (+), removed (-) or changed (~).
struct Change {
    char sign = '~';
    std::string text;

    bool operator==(const Change&) const = default;
};

// What differs between two configurations, for people: "+ bridge xenbr0 10.0.0.254/24",
// "~ guest nat0 interface 1: bridge xenbr1 -> xenbr2".
std::vector<Change> changes(const Configuration& from, const Configuration& to);

}  // namespace stemma::toolstack
