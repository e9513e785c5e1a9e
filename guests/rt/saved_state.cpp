#include "rt/saved_state.hpp"

#include <cstddef>

#include "xs_wire/path.hpp"

namespace stemma::rt {

namespace {
constexpr std::size_t header_size = 4;
constexpr std::size_t length_max = 0xffff;

std::string_view text_of(std::span<const std::uint8_t> bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
}  // namespace

std::optional<SavedEntry> SavedStateReader::next() {
    while (!rest_.empty()) {
        if (rest_.size() < header_size) break;
        const std::size_t path_length = rest_[0] + 256u * rest_[1];
        const std::size_t value_length = rest_[2] + 256u * rest_[3];
        if (rest_.size() - header_size < path_length + value_length) break;
        const auto body = rest_.subspan(header_size);
        const SavedEntry entry{text_of(body.first(path_length)),
                               text_of(body.subspan(path_length, value_length))};
        rest_ = body.subspan(path_length + value_length);
        if (xs::is_relative_path(entry.path)) return entry;
        ++skipped_;
    }
    truncated_ = truncated_ || !rest_.empty();
    rest_ = {};
    return std::nullopt;
}

bool append_saved_entry(std::vector<std::uint8_t>& bytes, const SavedEntry& entry) {
    if (entry.path.size() > length_max || entry.value.size() > length_max) return false;
    for (const std::size_t length : {entry.path.size(), entry.value.size()}) {
        bytes.push_back(static_cast<std::uint8_t>(length & 0xff));
        bytes.push_back(static_cast<std::uint8_t>(length >> 8));
    }
    bytes.insert(bytes.end(), entry.path.begin(), entry.path.end());
    bytes.insert(bytes.end(), entry.value.begin(), entry.value.end());
    return true;
}

}  // namespace stemma::rt
