#pragma once

#include <string>

#include "toolstack/configuration.hpp"
#include "toolstack/error.hpp"
#include "toolstack/store.hpp"

namespace stemma::toolstack {

// Guests that xl.cfg files describe (Guest::file). `stemma create FILE` puts them into /stemma,
// where a configuration file does not know of them: apply leaves them be, and destroy takes them
// out again.

// `guest` as it fits into a configuration: interfaces without an address have a generated one.
// Refused where a configuration file has a guest of that name, or another guest has its address.
Result<Guest> fitted(const Configuration& configuration, const std::string& name, Guest guest);

// Puts it into /stemma, in place of what a file said of it before.
Result<void> configure_file_guest(Store& store, const std::string& name, const Guest& guest);

// Takes it out of /stemma. False when no guest of that name is there that came from a file.
Result<bool> forget_file_guest(Store& store, const std::string& name);

// What a configuration file wants, with the guests of other files that there are at present.
Configuration with_file_guests(Configuration wanted, const Configuration& present);

}  // namespace stemma::toolstack
