#pragma once

#include <string>

#include "toolstack/error.hpp"

namespace stemma::toolstack {

// Where our own images are: $STEMMA_GUESTS, or `guests` beside the directory of this program, as
// the build and the package have it.
std::string guest_directory();

// An error that says how to come by it when `file`, that of our own `image`, cannot be read.
Result<void> check_image_file(const std::string& image, const std::string& file);

}  // namespace stemma::toolstack
