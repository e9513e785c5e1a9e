#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/interface.hpp"
#include "rt/clock.hpp"
#include "rt/mirror_source.hpp"

namespace stemma::net {

// Shows the ARP caches of a guest's interfaces in the store and takes changes from there: the
// source of an rt::Mirror on data/net/arp.
//
//   0/10-0-0-53 = "02:16:3e:00:00:01 1700000060"     vif and address, MAC and expiry in UTC seconds
//
// Only resolved entries are shown. A written entry is used at once, for a packet that waited too,
// and until its expiry or the next ARP packet that says otherwise; a removed one is forgotten. What
// makes no sense, an expiry that has passed included, is put right.
class ArpMirror final : public rt::MirrorSource {
  public:
    // The clock and the interfaces outlive this; vif numbers are those of the interfaces.
    ArpMirror(rt::Clock& clock, std::vector<Interface*> interfaces)
        : clock_(clock), interfaces_(std::move(interfaces)) {}

    // One entry of the state a guest is started with, path relative to data/net/arp; false, and
    // nothing done, when it has expired or makes no sense. It is mirrored again.
    bool restore(std::string_view path, std::string_view value);

    bool has_changes() const override;
    bool next(rt::MirrorChange& change) override;
    void mirrored(const rt::MirrorChange&) override {}
    void refused(const rt::MirrorChange& change) override;
    void retry_refused(std::size_t count) override;
    Held held(std::string_view path, std::string& value) const override;
    bool next_below(std::string_view directory, std::uint64_t& cursor,
                    std::string& path) const override;
    void foreign(std::string_view path, std::optional<std::string_view> value) override;

  private:
    struct Place {
        Interface* interface = nullptr;
        Ipv4Address address;
    };
    std::optional<Place> find(std::string_view path) const;

    rt::Clock& clock_;
    std::vector<Interface*> interfaces_;
};

}  // namespace stemma::net
