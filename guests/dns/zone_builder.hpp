#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <vector>

#include "dns/master_file.hpp"
#include "dns/zone.hpp"
#include "dns/zone_error.hpp"

namespace stemma::dns {

// What a zone's reader should be told although the zone is served.
struct ZoneWarnings {
    static constexpr std::size_t kept_max = 8;

    std::size_t count = 0;
    std::vector<ZoneError> kept;  // the first ones

    void add(std::uint32_t line, std::string cause);
};

struct CheckedZone {
    std::unique_ptr<const Zone> zone;
    ZoneWarnings warnings;
};

// Gathers records into a Zone and checks them against each other. Errors: no SOA or more than one,
// an SOA below the apex, a record outside the zone, a CNAME beside other data or another CNAME
// (RFC 1034 3.6.2), more than fits. Warnings: no NS at the apex, TTLs that differ within an RRset
// (the lowest counts: RFC 2181 5.2), NS at a wildcard (RFC 4592 4.2), names below a delegation that
// nobody will see. A record that comes twice counts once.
class ZoneBuilder {
  public:
    // A guest of 32 MB holds the old zone and two halves of the new one's growth.
    static constexpr std::size_t bytes_max = std::size_t{5} << 20;
    static constexpr std::size_t records_of_rrset_max = 4096;

    ZoneBuilder(const Name& origin, const LabelHash& hash);

    std::expected<void, ZoneError> add(const Record& record);
    // Leaves the builder empty.
    std::expected<CheckedZone, ZoneError> finish();

  private:
    struct Pending {
        NodeId owner;
        RecordType type;
        std::uint32_t ttl;
        std::uint32_t data;  // where in zone_->data_
        std::uint32_t line;
    };

    void store_data(const Record& record);
    StoredData data_of(const Pending& record) const;
    void drop_duplicates();
    std::expected<void, ZoneError> make_rrsets();
    std::expected<void, ZoneError> check_node(std::span<const Pending> records);
    void mark_nodes();
    ZoneError at_name(const Pending& record, std::string_view cause) const;

    std::unique_ptr<Zone> zone_;
    std::vector<Pending> pending_;
    std::uint32_t soa_line_ = 0;
    ZoneWarnings warnings_;
};

}  // namespace stemma::dns
