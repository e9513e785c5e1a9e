// Why something that needs a repository, a disk or a merge could not be done.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace stemma::store {

struct Error {
    enum class Kind : std::uint8_t {
        not_found,  // no such repository, ref, commit or path
        busy,       // another owner holds the repository
        refused,    // a name or an argument that is not allowed
        corrupt,    // what was read is not what this store writes
        disk,       // the operating system said no; `why` says what
        stopped,    // the publisher was closed before it came to this
    };
    Kind kind = Kind::disk;
    std::string tried;  // "write pack"
    std::string on;     // "/var/lib/stemma/store.git"
    std::string why;    // "No space left on device"

    std::string text() const { return tried + " " + on + ": " + why; }
};

}  // namespace stemma::store
