#pragma once

#include <string>

namespace stemma::toolstack {

// Whether a file is an ELF image that says in a note of owner "Xen" how a domain starts with it
// (xen/include/public/elfnote.h): as a program of Linux it would be started at the wrong place, or
// not at all.
bool is_xen_image(const std::string& path);

}  // namespace stemma::toolstack
