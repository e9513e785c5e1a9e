#pragma once

#include <expected>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "toolstack/configuration.hpp"
#include "toolstack/file_fault.hpp"

namespace stemma::toolstack {

// What an xl.cfg file says, beside what is in it, depends on.
struct XlPlace {
    std::string directory = {};          // from which a relative path counts: the caller's own
    std::string images = {};             // where our own images are (guest_directory())
    std::set<std::string> bridges = {};  // that there are
};

struct XlGuest {
    std::string name = {};
    Guest guest = {};  // not started by apply; interfaces without `mac` have none yet
};

// The guest that a text in the syntax of xl.cfg describes, or all that is wrong with it. Of xl's
// keys (xl.cfg(5), xl-network-configuration(5) of Xen 4.17) those are taken that mean the same to
// us, passed over that mean nothing to a PV or PVH guest, and refused that would make another guest
// than ours: xl_keys.cpp has the table.
std::expected<XlGuest, std::vector<FileFault>> read_xl_guest(std::string_view text,
                                                             const std::string& file,
                                                             const XlPlace& place);

}  // namespace stemma::toolstack
