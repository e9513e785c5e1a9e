#include "xenstored/place.hpp"

namespace stemma::xenstored {

Place locate(const store::Node& root, std::string_view path) {
    const store::Node* parent = &root;
    const store::Node* at = &root;
    std::size_t begin = 1;
    while (begin < path.size()) {
        const auto slash = path.find('/', begin);
        const auto end = slash == std::string_view::npos ? path.size() : slash;
        const store::Node* const child = at->child(path.substr(begin, end - begin));
        if (child == nullptr) return {nullptr, nullptr, at, begin == 1 ? 1 : begin - 1};
        parent = at;
        at = child;
        begin = end + 1;
    }
    return {at, parent, at, path.size()};
}

std::string_view visible_names(const store::Node& node, bool is_root) {
    const std::string_view names = node.listing();
    if (!is_root) return names;
    // made before all others, so it is the first
    constexpr std::string_view hidden(".special\0", 9);
    return names.starts_with(hidden) ? names.substr(hidden.size()) : names;
}

}  // namespace stemma::xenstored
