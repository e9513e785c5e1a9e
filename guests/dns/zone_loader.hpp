#pragma once

#include <expected>
#include <string_view>

#include "dns/label_hash.hpp"
#include "dns/master_file.hpp"
#include "dns/zone_builder.hpp"

namespace stemma::dns {

// Makes a Zone of a master file that arrives in pieces, cut anywhere. Each piece is dealt with when
// it comes, so that a guest goes on answering between them and never holds the whole text.
class ZoneLoader {
  public:
    ZoneLoader(const Name& origin, const LabelHash& hash) : file_(origin), builder_(origin, hash) {}

    // After an error the loader is of no more use.
    std::expected<void, ZoneError> feed(std::string_view text);
    std::expected<CheckedZone, ZoneError> finish();

  private:
    std::expected<void, ZoneError> take_records();

    MasterFile file_;
    ZoneBuilder builder_;
};

}  // namespace stemma::dns
