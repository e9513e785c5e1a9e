#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "nat/flow_table.hpp"
#include "nat/hash_chains.hpp"
#include "nat/leaf.hpp"
#include "nat/siphash.hpp"
#include "nat/zeroed_array.hpp"
#include "net/ipv4_address.hpp"
#include "net/token_bucket.hpp"
#include "rt/console.hpp"
#include "rt/entropy.hpp"
#include "rt/mirror_source.hpp"
#include "rt/time.hpp"

namespace stemma::nat {

struct MappingMirrorOptions {
    net::Ipv4Interface inside;
    net::Ipv4Address outside;
    // Younger mappings are not written: one that comes and goes within this time costs nothing.
    rt::Duration age = rt::Duration::milliseconds(10);
};

// What others did to the mappings in the store, and what came of it.
struct MappingMirrorCounters {
    std::uint64_t restored = 0;
    std::uint64_t restore_skipped = 0;  // expired, malformed, no room or its port taken
    std::uint64_t foreign_added = 0;
    std::uint64_t foreign_changed = 0;
    std::uint64_t foreign_removed = 0;
    std::uint64_t foreign_refused = 0;  // no room, the port taken, or the address not inside
    std::uint64_t foreign_malformed = 0;
};

// Shows the mappings of a FlowTable in the store (leaf.hpp says how) and takes changes from there:
// the source of an rt::Mirror on data/net/nat. The data path only marks a mapping, in lists through
// one record for each of the table's mappings; nothing is allocated for it.
//
// A new mapping waits in one list until it is old enough, then, as any mapping that the store does
// not show as it is, in another until the mirror takes it. Of a mapping that ended while the store
// shows it the record keeps the key, so that its slot in the table can be used again at once. An
// expiry is written again only when off by half its timeout, or when it would pass before the
// mapping's next check although the mapping lives.
//
// The last leaf of a directory of ports takes that directory with it. The directories above, of
// inside addresses, stay: there are no more of them than the inside network has.
class MappingMirror final : public rt::MirrorSource, public FlowListener {
  public:
    // All references outlive this.
    MappingMirror(FlowTable& table, const MappingMirrorOptions& options, rt::Entropy& entropy,
                  rt::Console& console);

    // Called before the table, the mirror or restore() are used at this moment.
    void set_now(rt::Instant now, Tick tick, rt::UtcSeconds utc);
    // Moves mappings that have become old enough to those for the mirror; when to be called again.
    rt::Instant run();

    // One entry of the state the guest was started with, path relative to data/net/nat.
    bool restore(std::string_view path, std::string_view value);

    const MappingMirrorCounters& counters() const { return counters_; }

    void mapping_added(MappingId mapping) override;
    void mapping_changed(MappingId mapping) override;
    void mapping_removed(MappingId mapping) override;

    bool has_changes() const override { return dirty_.head != no_flow; }
    bool next(rt::MirrorChange& change) override;
    void mirrored(const rt::MirrorChange&) override {}
    void refused(const rt::MirrorChange& change) override;
    void retry_refused(std::size_t count) override;
    Held held(std::string_view path, std::string& value) const override;
    bool next_below(std::string_view directory, std::uint64_t& cursor,
                    std::string& path) const override;
    void foreign(std::string_view path, std::optional<std::string_view> value) override;

  private:
    // In which list a record is.
    enum class Place : std::uint8_t { none, young, dirty };

    // One for each mapping of the table, by its number.
    struct Record {
        InsideEndpoint key;  // of the leaf shown, which may be that of an earlier mapping
        Leaf leaf;           // as the mirror last took it
        rt::Instant dirty_since;
        std::uint32_t next = no_flow;
        Place place = Place::none;
        bool shown = false;
        bool refused = false;  // the store had no room
    };
    struct List {
        std::uint32_t head = no_flow;
        std::uint32_t tail = no_flow;
    };

    void append(List& list, Place place, std::uint32_t record);
    std::uint32_t take_first(List& list);
    void mark_dirty(std::uint32_t record);

    std::uint64_t hash(const InsideEndpoint& inside) const;
    std::uint32_t find_shown(const InsideEndpoint& inside) const;
    void show(std::uint32_t record, const InsideEndpoint& key, const Leaf& leaf);
    void unshow(std::uint32_t record);
    bool shows_live_mapping(std::uint32_t record) const;
    bool any_shown_in_range(const InsideEndpoint& range) const;
    bool any_live_in_range(const InsideEndpoint& range) const;

    // What a mapping looks like now.
    struct View {
        Leaf leaf;
        Tick timeout = 0;  // of the state shown
    };
    View view(MappingId mapping) const;
    // The store's leaf differs from the mapping by enough to be written.
    bool is_stale(const Leaf& shown, const View& current) const;
    void take_removal(std::uint32_t record, rt::MirrorChange& change);
    bool take_mapping(std::uint32_t record, rt::MirrorChange& change);

    bool is_inside_host(net::Ipv4Address address) const;
    bool has_passed(const Leaf& leaf) const;
    std::expected<MappingId, FlowRefusal> adopt(const InsideEndpoint& inside, const Leaf& leaf);
    void foreign_removal(const InsideEndpoint& inside);
    void foreign_leaf(std::string_view path, const InsideEndpoint& inside, const Leaf& leaf);
    // Makes a live mapping what the leaf says, as far as that differs from `before`.
    void apply(std::string_view path, MappingId mapping, const std::optional<Leaf>& before,
               const Leaf& leaf);
    // `leaf` stands in the store, for the live mapping of this record.
    void show_foreign(std::uint32_t record, const InsideEndpoint& inside, const Leaf& leaf);
    void refuse_foreign(std::string_view path, std::string_view why);
    void complain(std::string_view path, std::string_view why);
    // The store shows for `record` what is not so: it is written again, whatever it was.
    void correct(std::uint32_t record);

    FlowTable& table_;
    MappingMirrorOptions options_;
    rt::Console& console_;
    SipKey key_;
    HashChains shown_;
    ZeroedArray<Record> records_;
    List young_;
    List dirty_;
    std::uint32_t refused_count_ = 0;
    std::uint32_t retry_hand_ = 0;
    MappingMirrorCounters counters_;
    net::TokenBucket complaints_{rt::Duration::seconds(1), 5};

    rt::Instant now_;
    Tick tick_ = 0;
    rt::UtcSeconds utc_;
};

}  // namespace stemma::nat
