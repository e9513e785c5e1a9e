#include "store/commit.hpp"

#include <charconv>

#include "sha1.hpp"

namespace stemma::store {

std::string CommitId::hex() const {
    return to_hex(bytes);
}

std::optional<CommitId> CommitId::from_hex(std::string_view digits) {
    CommitId id;
    if (digits.size() != id.bytes.size() * 2) return std::nullopt;
    for (std::size_t i = 0; i < id.bytes.size(); ++i) {
        const char* const first = digits.data() + 2 * i;
        const auto [end, error] = std::from_chars(first, first + 2, id.bytes[i], 16);
        if (error != std::errc() || end != first + 2) return std::nullopt;
    }
    return id;
}

}  // namespace stemma::store
