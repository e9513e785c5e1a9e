#include "store/permissions.hpp"

#include <algorithm>

namespace stemma::store {

Permissions::Permissions(std::span<const Permission> entries) {
    if (!entries.empty()) list_ = make_counted<List>(entries);
}

bool Permissions::operator==(const Permissions& other) const {
    return list_ == other.list_ || std::ranges::equal(entries(), other.entries());
}

bool Permissions::same_text(const Permissions& other) const {
    return list_ == other.list_ ||
           std::ranges::equal(entries(), other.entries(),
                              [](const Permission& one, const Permission& two) {
                                  return one.access == two.access && one.domain == two.domain;
                              });
}

std::string Permissions::text() const {
    std::string text;
    for (const Permission& entry : entries()) {
        if (!text.empty()) text += ' ';
        text += "nrwb"[static_cast<unsigned>(entry.access)];
        text += std::to_string(entry.domain);
    }
    return text;
}

}  // namespace stemma::store
