#include "dns/zone_loader.hpp"

namespace stemma::dns {

std::expected<void, ZoneError> ZoneLoader::feed(std::string_view text) {
    file_.feed(text);
    return take_records();
}

std::expected<CheckedZone, ZoneError> ZoneLoader::finish() {
    file_.finish();
    if (const auto taken = take_records(); !taken) return std::unexpected(taken.error());
    return builder_.finish();
}

std::expected<void, ZoneError> ZoneLoader::take_records() {
    for (;;) {
        const auto record = file_.next();
        if (!record) return std::unexpected(record.error());
        if (!*record) return {};
        if (const auto added = builder_.add(**record); !added) return added;
    }
}

}  // namespace stemma::dns
