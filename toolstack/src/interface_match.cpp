#include "toolstack/interface_match.hpp"

#include <algorithm>

namespace stemma::toolstack {

namespace {

bool has_number(const std::vector<InterfaceMatch::Wanted>& all, unsigned number) {
    return std::ranges::any_of(all, [&](const auto& one) { return one.number == number; });
}

// The words that say the same whichever interfaces there are. A gateway's does not name its own.
std::vector<std::string> lasting_words(std::string_view line,
                                       const std::vector<unsigned>& without) {
    std::vector<std::string> words;
    while (!line.empty()) {
        const auto end = std::min(line.find(' '), line.size());
        const std::string_view word = line.substr(0, end);
        line.remove_prefix(std::min(end + 1, line.size()));
        const bool goes =
            word.empty() || word.starts_with("gateway=") ||
            std::ranges::any_of(without, [&](unsigned number) {
                return word.find("=vif" + std::to_string(number) + ',') != std::string_view::npos;
            });
        if (!goes) words.emplace_back(word);
    }
    return words;
}

}  // namespace

bool InterfaceMatch::is_same() const {
    return unwanted.empty() && std::ranges::all_of(wanted, &Wanted::present);
}

InterfaceMatch match_interfaces(const Guest& guest, const std::vector<RunningVif>& vifs) {
    InterfaceMatch match;
    for (const auto& interface : guest.interfaces) {
        const auto vif = std::ranges::find(vifs, to_string(interface.mac), &RunningVif::mac);
        const bool present = vif != vifs.end();
        match.wanted.push_back({present ? vif->index : ~0u, present});
    }
    for (const auto& vif : vifs) {
        if (!has_number(match.wanted, vif.index)) match.unwanted.push_back(vif.index);
    }
    unsigned next = 0;
    for (auto& wanted : match.wanted) {
        if (wanted.present) continue;
        while (has_number(match.wanted, next))
            ++next;
        wanted.number = next;
    }
    return match;
}

std::string present_command_line(const Guest& guest, const InterfaceMatch& match) {
    Guest present = guest;
    present.interfaces.clear();
    std::vector<unsigned> numbers;
    for (std::size_t i = 0; i < guest.interfaces.size(); ++i) {
        if (!match.wanted[i].present) continue;
        present.interfaces.push_back(guest.interfaces[i]);
        numbers.push_back(match.wanted[i].number);
    }
    return command_line(present, numbers);
}

bool has_same_words(const std::string& arguments, const Guest& guest, const InterfaceMatch& match) {
    const std::string now = present_command_line(guest, match);
    if (match.is_same()) return arguments == now;
    return lasting_words(arguments, match.unwanted) == lasting_words(now, {});
}

}  // namespace stemma::toolstack
