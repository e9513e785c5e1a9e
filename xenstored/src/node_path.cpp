#include "xenstored/node_path.hpp"

namespace stemma::xenstored {

namespace {

// Length of a leading "/local/domain/N/", as sscanf("/local/domain/%5u/") measures it: at most
// five characters of number, a minus sign being one of them.
std::size_t home_length(std::string_view path) {
    constexpr std::string_view prefix = "/local/domain/";
    if (!path.starts_with(prefix)) return 0;
    std::size_t at = prefix.size();
    const std::size_t limit = at + 5;
    if (at < path.size() && path[at] == '-') ++at;
    const std::size_t first_digit = at;
    while (at < path.size() && at < limit && path[at] >= '0' && path[at] <= '9')
        ++at;
    if (at == first_digit || at >= path.size() || path[at] != '/') return 0;
    return at + 1;
}

}  // namespace

bool is_valid_node_path(std::string_view path, std::size_t path_max) {
    if (path.empty() || path.front() != '/') return false;
    if (path.size() == 1) return true;
    char previous = '\0';
    for (const char c : path) {
        if (c == '/' ? previous == '/' : !xs::is_name_char(c)) return false;
        previous = c;
    }
    return previous != '/' && (path_max == 0 || path.size() <= home_length(path) + path_max);
}

std::string_view canonical(std::string_view path, xs::DomainId home, std::string& scratch) {
    if (path.starts_with('/') || path.starts_with('@')) return path;
    scratch = xs::domain_path(home);
    scratch += '/';
    scratch += path;
    return scratch;
}

}  // namespace stemma::xenstored
