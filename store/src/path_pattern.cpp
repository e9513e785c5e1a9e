#include "store/path_pattern.hpp"

namespace stemma::store {
namespace {

// "/a/b" -> "a" and "/b"; at the end both are empty.
struct Head {
    explicit Head(std::string_view path) {
        if (path.starts_with('/')) path.remove_prefix(1);
        element = path.substr(0, path.find('/'));
        rest = path.substr(element.size());
    }
    std::string_view element;
    std::string_view rest;
};

}  // namespace

bool PathPattern::matches(std::string_view path) const {
    std::string_view pattern = pattern_;
    // Where to go on when the elements after the last "**" turn out not to fit: only the last one
    // need be reconsidered, so no stack is needed.
    std::string_view after_stars;
    std::string_view stars_path;
    bool have_stars = false;
    while (true) {
        const Head wanted(pattern);
        const Head given(path);
        if (wanted.element == "**") {
            have_stars = true;
            after_stars = pattern = wanted.rest;
            stars_path = path;
            continue;
        }
        if (given.element.empty() && wanted.element.empty()) return true;
        if (!given.element.empty() && (wanted.element == "*" || wanted.element == given.element)) {
            pattern = wanted.rest;
            path = given.rest;
            continue;
        }
        if (!have_stars || Head(stars_path).element.empty()) return false;
        stars_path = Head(stars_path).rest;
        pattern = after_stars;
        path = stars_path;
    }
}

std::string_view PathPattern::matching_ancestor(std::string_view path) const {
    const std::string_view whole = path;
    for (std::string_view pattern = pattern_;;) {
        const Head wanted(pattern);
        if (wanted.element.empty()) return whole.substr(0, whole.size() - path.size());
        const Head given(path);
        if (given.element.empty()) return {};
        if (wanted.element != "*" && wanted.element != given.element) return {};
        pattern = wanted.rest;
        path = given.rest;
    }
}

}  // namespace stemma::store
