#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "rt/time.hpp"

namespace stemma::rt {

// One entry that the store does not show as it is.
struct MirrorChange {
    enum class Kind {
        insert,  // not in the store yet: may meet the quota
        update,  // there, with another value
        remove,
    };

    std::uint64_t entry =
        0;  // the source's own name for it, given back by mirrored() and refused()
    Kind kind = Kind::insert;
    Instant dirty_since;  // when it came to differ: what the lag is measured from
    std::string path;     // relative to the mirrored directory: "udp/10-0-1-2/4000"
    std::string value;    // not used for remove
};

// The table behind a Mirror: it keeps which of its entries are dirty (a list through the entries,
// say), so that the data path only marks them; paths and values are made when the mirror asks.
class MirrorSource {
  public:
    virtual ~MirrorSource() = default;

    // True when next() has something to give.
    virtual bool has_changes() const = 0;
    // Takes one dirty entry, which is clean from now on (it may become dirty again before the
    // answer), and describes it in `change`, whose strings are empty but may hold memory. False
    // when there is none.
    virtual bool next(MirrorChange& change) = 0;

    // The store now shows what next() gave. (A removal that it refused ends here too.)
    virtual void mirrored(const MirrorChange& change) = 0;
    // It does not, since the store is full or said no; the entry stays unmirrored until
    // retry_refused() picks it. Only for insert and update.
    virtual void refused(const MirrorChange& change) = 0;
    // There may be room again: mark up to `count` refused entries that still live as dirty.
    virtual void retry_refused(std::size_t count) = 0;

    // What the source believes to stand at `path`: what next() last gave for it, no matter whether
    // answered. `value` is set for `present`.
    enum class Held { present, absent, not_an_entry };
    virtual Held held(std::string_view path, std::string& value) const = 0;
    // Steps through the entries that are `present` and whose path is `directory` or lies below it
    // ("" is all): sets `path` and moves `cursor`, which starts at 0; false at the end. Entries may
    // come and go between two calls; those that stay are each seen.
    virtual bool next_below(std::string_view directory, std::uint64_t& cursor,
                            std::string& path) const = 0;

    // Somebody else changed an entry: the store holds `value`, or no node, at `path`, where the
    // source believed something else. The source takes it over, or, when it makes no sense, may
    // mark its own entry as dirty to put it right. Either way held() must afterwards give the new
    // state or a change be pending.
    virtual void foreign(std::string_view path, std::optional<std::string_view> value) = 0;
};

}  // namespace stemma::rt
