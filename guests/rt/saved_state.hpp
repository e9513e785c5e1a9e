#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace stemma::rt {

// One node of a guest's network state as it was saved.
struct SavedEntry {
    std::string_view path;   // relative to data/net, well formed: "nat/udp/..."
    std::string_view value;  // any bytes
};

// Reads the saved state that a guest is started with: repeated
//   u16 LE path length, u16 LE value length, path, value
// and nothing more. The bytes may be anybody's: an entry whose path is not a relative XenStore path
// is skipped and counted, and a cut-off entry ends the reading. The views point into `bytes`.
class SavedStateReader {
  public:
    explicit SavedStateReader(std::span<const std::uint8_t> bytes) : rest_(bytes) {}

    // Nothing at the end.
    std::optional<SavedEntry> next();

    std::size_t skipped() const { return skipped_; }
    // True once next() met an entry longer than what is left.
    bool truncated() const { return truncated_; }

  private:
    std::span<const std::uint8_t> rest_;
    std::size_t skipped_ = 0;
    bool truncated_ = false;
};

// Appends an entry; false, and nothing appended, when path or value is over 65,535 bytes.
bool append_saved_entry(std::vector<std::uint8_t>& bytes, const SavedEntry& entry);

}  // namespace stemma::rt
