#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace stemma::xen {

// This domain's grants, version 1 (xen/grant_table.h). The first eight references are Xen's and the
// toolstack's.
class GrantTable {
  public:
    static constexpr std::uint32_t frames = 8;
    static constexpr std::uint32_t references = frames * 512;

    // Maps the table; nothing if Xen refuses.
    static std::optional<GrantTable> map();

    // Lets `domain` read and write the page at this address; nothing when all references are used.
    std::optional<std::uint32_t> share(std::uint16_t domain, const void* page);

  private:
    GrantTable();

    std::vector<std::uint32_t> free_;
};

}  // namespace stemma::xen
