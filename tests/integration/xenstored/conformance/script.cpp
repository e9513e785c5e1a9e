#include "script.hpp"

#include <algorithm>
#include <charconv>
#include <fstream>

namespace conformance {

namespace {

std::string_view trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(" \t\r");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

// Takes "for NAME FROM TO " off the front of the step's text.
bool take_for(Step& step) {
    std::string_view rest(step.text);
    const auto word = [&] {
        rest = trimmed(rest);
        const auto end = std::min(rest.find(' '), rest.size());
        const auto taken = rest.substr(0, end);
        rest.remove_prefix(end);
        return taken;
    };
    const auto number = [&](std::uint32_t& value) {
        const auto text = word();
        return std::from_chars(text.data(), text.data() + text.size(), value).ec == std::errc();
    };
    word();
    step.variable = word();
    if (step.variable.empty() || !number(step.from) || !number(step.to)) return false;
    step.text = trimmed(rest);
    return true;
}

}  // namespace

bool Sequence::uses_sockets() const {
    return std::ranges::any_of(steps,
                               [](const Step& step) { return step.text.starts_with("socket "); });
}

std::expected<std::vector<Sequence>, std::string> read_sequences(const std::string& path) {
    std::ifstream file(path);
    if (!file) return std::unexpected(path + ": cannot be read");
    const std::string name = path.substr(path.rfind('/') + 1);
    std::vector<Step> before;
    std::vector<Sequence> sequences;
    std::string line;
    for (int number = 1; std::getline(file, line); ++number) {
        const auto fail = [&](const char* why) {
            return std::unexpected(path + ":" + std::to_string(number) + ": " + why);
        };
        const std::string_view text = trimmed(line);
        if (text.empty() || text.starts_with('#')) continue;
        if (text.starts_with("== ")) {
            sequences.push_back({name, std::string(trimmed(text.substr(3))), number, before});
            continue;
        }
        auto& steps = sequences.empty() ? before : sequences.back().steps;
        if (text.starts_with('!') || text.starts_with('>')) {
            if (steps.empty()) return fail("no step before it");
            const auto rest = std::string(trimmed(text.substr(1)));
            if (text.starts_with('!')) {
                steps.back().difference = rest;
                if (rest.starts_with('?')) {
                    steps.back().by_chance = true;
                    steps.back().difference = trimmed(std::string_view(rest).substr(1));
                }
            } else {
                if (steps.back().difference.empty()) return fail("no '!' before it");
                steps.back().ours.push_back(rest);
            }
            continue;
        }
        Step step;
        step.text = text;
        step.line = number;
        if (text.starts_with("for ") && !take_for(step)) return fail("for NAME FROM TO COMMAND");
        steps.push_back(std::move(step));
    }
    return sequences;
}

std::expected<std::map<std::string, std::string>, std::string> read_reasons(
    const std::string& path) {
    std::ifstream file(path);
    if (!file) return std::unexpected(path + ": cannot be read");
    std::map<std::string, std::string> reasons;
    std::string line;
    auto last = reasons.end();
    while (std::getline(file, line)) {
        if (line.empty() || line.starts_with('#')) continue;
        if (line.starts_with(' ')) {
            if (last == reasons.end()) return std::unexpected(path + ": begins with a blank");
            last->second += ' ' + std::string(trimmed(line));
            continue;
        }
        const auto colon = line.find(':');
        if (colon == std::string::npos) return std::unexpected(path + ": no colon in " + line);
        last = reasons.emplace(line.substr(0, colon), trimmed(line.substr(colon + 1))).first;
    }
    return reasons;
}

}  // namespace conformance
