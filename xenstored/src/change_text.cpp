#include "xenstored/change_text.hpp"

#include <algorithm>

#include "xs_wire/path.hpp"

namespace stemma::xenstored {

namespace {

constexpr std::size_t value_max = 48;
constexpr std::size_t lines_max = 24;

std::string shown(std::string_view value) {
    if (value.empty()) return "\"\"";
    if (value.size() <= value_max) return std::string(value);
    return std::string(value.substr(0, value_max)) + "...";
}

std::string_view relative_to_home(std::string_view path, xs::DomainId domain) {
    const std::string home = xs::domain_path(domain);
    if (path.size() > home.size() && xs::is_same_or_below(path, home)) {
        return path.substr(home.size() + 1);
    }
    return path;
}

}  // namespace

std::string domain_text(const store::Tree& tree, xs::DomainId domain) {
    std::string text = "domain " + std::to_string(domain);
    const store::Node* const name = tree.find(xs::join(xs::domain_path(domain), "name"));
    if (name != nullptr && !name->value().empty()) text += " (" + shown(name->value()) + ")";
    return text;
}

std::string change_text(const store::Tree& before, const store::Tree& after, std::string_view path,
                        xs::DomainId domain) {
    const store::Node* const old = before.find(path);
    const store::Node* const now = after.find(path);
    const std::string_view place = relative_to_home(path, domain);
    const auto slash = place.rfind('/');
    std::string text;
    if (slash != std::string_view::npos) {
        text.append(slash == 0 ? "/" : place.substr(0, slash)).append(": ");
    }
    const std::string name(slash == std::string_view::npos ? place : place.substr(slash + 1));
    if (now == nullptr) return text + "removed " + name;
    if (old == nullptr) {
        text += "new " + name;
        return now->value().empty() ? text : text + ' ' + shown(now->value());
    }
    if (old->value() != now->value()) {
        return text + name + ' ' + shown(old->value()) + " -> " + shown(now->value());
    }
    if (!(old->permissions() == now->permissions())) {
        return text + name + " permissions " + old->permissions().text() + " -> " +
               now->permissions().text();
    }
    return text + name + ' ' + shown(now->value()) + ", unchanged";
}

store::Info change_info(const VisibleChange& change) {
    store::Info info;
    info.who = domain_text(change.after, change.domain.id);
    // a dead domain's name went with it
    if (change.stamp.operation == store::Operation::release) {
        info.who = domain_text(change.before, change.domain.id);
    }
    info.when = change.stamp.time;
    const std::size_t count = change.paths.size();
    const std::size_t listed = std::min(count, lines_max);
    for (std::size_t i = 0; i < listed; ++i)
        info.why.push_back(
            change_text(change.before, change.after, change.paths[i], change.domain.id));
    if (count > 1) info.why.front() += " (and " + std::to_string(count - 1) + " more)";
    if (listed < count) info.why.push_back("and " + std::to_string(count - listed) + " more");
    return info;
}

}  // namespace stemma::xenstored
