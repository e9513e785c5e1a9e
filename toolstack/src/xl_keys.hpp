#pragma once

#include <span>
#include <string_view>

#include "xl_draft.hpp"

namespace stemma::toolstack {

enum class XlUse {
    taken,    // by `take`
    as_is,    // accepted with one of the values in `same`, or an empty list: what a guest of ours
              // has anyway; any other is refused
    nothing,  // means nothing to a PV or PVH guest, with xl neither
};

struct XlKey {
    std::string_view name;
    XlUse use;
    std::string_view same = {};  // values, apart by spaces
    std::string_view why = {};   // others are refused
    void (*take)(XlDraft&, const XlSetting&) = nullptr;
};

// Every key of xl.cfg(5) that xl 4.17 reads, sorted by use.
std::span<const XlKey> xl_keys();

}  // namespace stemma::toolstack
