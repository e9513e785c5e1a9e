#include "secrets.hpp"

#include <algorithm>

namespace stemma::store {
namespace {

constexpr std::string_view gone = "(of a domain that is gone)";

PathElements elements_of(std::string_view path) {
    PathElements elements;
    while (!path.empty()) {
        const auto part = path.substr(0, path.find('/'));
        path.remove_prefix(std::min(path.size(), part.size() + 1));
        if (!part.empty()) elements.emplace_back(part);
    }
    return elements;
}

bool speaks_of(std::string_view line, const DomainName& domain) {
    const std::string number = std::to_string(domain.number);
    // What follows the number must not be more of it.
    const auto has = [&](const std::string& text) {
        for (auto at = line.find(text); at != std::string_view::npos;
             at = line.find(text, at + 1)) {
            const std::size_t end = at + text.size();
            if (end == line.size() || line[end] < '0' || line[end] > '9') return true;
        }
        return false;
    };
    if (has("/local/domain/" + number) || has("/libxl/" + number) || has("domain/" + number)) {
        return true;
    }
    if (domain.vm.size() > 1 && line.find(domain.vm) != std::string_view::npos) return true;
    // backend/TYPE/N
    for (auto at = line.find("backend/"); at != std::string_view::npos;
         at = line.find("backend/", at + 1)) {
        const auto type = line.find('/', at + 8);
        if (type == std::string_view::npos) break;
        const auto rest = line.substr(type + 1);
        if (!rest.starts_with(number)) continue;
        if (rest.size() == number.size() || rest[number.size()] < '0' ||
            rest[number.size()] > '9') {
            return true;
        }
    }
    return false;
}

bool wrote(std::string_view author, const DomainName& domain) {
    const std::string name = "domain " + std::to_string(domain.number);
    return author == name || author.starts_with(name + " ");
}

}  // namespace

std::vector<PathElements> paths_of(const DomainName& domain) {
    const std::string number = std::to_string(domain.number);
    std::vector<PathElements> paths = {{"local", "domain", number},
                                       {"local", "domain", "*", "backend", "*", number},
                                       {"libxl", number}};
    const auto elements = elements_of(domain.vm);
    if (elements.size() == 2 && elements[0] == "vm") paths.push_back(elements);
    return paths;
}

std::string message_without(std::string_view author, std::string_view message,
                            const std::set<DomainName>& domains) {
    const bool own =
        std::ranges::any_of(domains, [&](const DomainName& d) { return wrote(author, d); });
    if (own) return std::string(gone) + "\n";
    std::string kept;
    while (!message.empty()) {
        const auto line = message.substr(0, message.find('\n'));
        message.remove_prefix(std::min(message.size(), line.size() + 1));
        const bool of_them =
            std::ranges::any_of(domains, [&](const DomainName& d) { return speaks_of(line, d); });
        kept.append(of_them ? gone : line).append("\n");
    }
    return kept;
}

}  // namespace stemma::store
