#pragma once

#include <string>

#include "toolstack/command.hpp"
#include "toolstack/configuration.hpp"

namespace stemma::toolstack {

// Whether a word of the command line means an xl.cfg file and no guest: it has a slash in it or
// ends in ".cfg", which no guest's name does.
bool is_file_word(const std::string& word);

struct NamedGuest {
    std::string name;
    Guest guest;
};

// The guest that the file describes, as it is to be here: on bridges of this host, with its
// addresses.
Result<NamedGuest> xl_file_guest(Invocation& call, const std::string& file);

}  // namespace stemma::toolstack
