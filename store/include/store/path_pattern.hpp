// A pattern for absolute paths: elements between slashes, "*" for any one element, "**" for any
// number of elements, none included. "/local/domain/*/data/net/arp/**" matches
// "/local/domain/3/data/net/arp/0/10-0-0-2" and ".../arp" itself.
#pragma once

#include <string>
#include <string_view>

namespace stemma::store {

class PathPattern {
  public:
    explicit PathPattern(std::string_view pattern) : pattern_(pattern) {}

    bool matches(std::string_view path) const;  // O(elements of path * elements of pattern)
    // The part of the path that matches, itself or an ancestor; empty if none does. Only for a
    // pattern without "**".
    std::string_view matching_ancestor(std::string_view path) const;
    const std::string& text() const { return pattern_; }

  private:
    std::string pattern_;
};

}  // namespace stemma::store
