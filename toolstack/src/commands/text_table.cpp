#include "text_table.hpp"

#include <algorithm>

namespace stemma::toolstack {

std::vector<std::string> align(const std::vector<std::vector<std::string>>& rows) {
    std::vector<std::size_t> widths;
    for (const auto& row : rows) {
        if (widths.size() < row.size()) widths.resize(row.size());
        for (std::size_t i = 0; i < row.size(); ++i)
            widths[i] = std::max(widths[i], row[i].size());
    }
    std::vector<std::string> lines;
    for (const auto& row : rows) {
        std::string line;
        for (std::size_t i = 0; i < row.size(); ++i) {
            if (i > 0) line += "  ";
            line += row[i];
            line.append(widths[i] - row[i].size(), ' ');
        }
        while (line.ends_with(' '))
            line.pop_back();
        lines.push_back(std::move(line));
    }
    return lines;
}

}  // namespace stemma::toolstack
