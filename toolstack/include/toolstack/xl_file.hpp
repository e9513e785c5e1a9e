#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "toolstack/file_fault.hpp"

namespace stemma::toolstack {

// One setting of an xl.cfg file, as xl reads it: of several assignments the last, with what `+=`
// added.
struct XlSetting {
    std::string name;
    unsigned line = 0;                                   // of its last assignment
    std::string text = {};                               // of a single value
    std::optional<long> number = {};                     // of one that is a number to xl
    std::optional<std::vector<std::string>> items = {};  // of a list
};

inline constexpr std::size_t xl_file_bytes_max = 1u << 20;

// The settings of a file in xl's syntax, by libxlutil, in the order of their lines. `file` is only
// for the faults.
std::expected<std::vector<XlSetting>, std::vector<FileFault>> parse_xl_file(
    std::string_view text, const std::string& file);

}  // namespace stemma::toolstack
