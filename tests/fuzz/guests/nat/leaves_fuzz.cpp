// What others may write below data/net/nat, and what a saved state may hold: lines of a path and,
// behind a blank, a value; without a blank the path's node is removed.
#include <cstdlib>
#include <string>
#include <string_view>

#include "../../../unit/guests/nat/packets.hpp"
#include "nat/mapping_mirror.hpp"

using namespace stemma;
using namespace stemma::nat;

namespace {

struct Quiet final : rt::Console {
    void line(std::string_view) override {}
};

void require(bool holds) {
    if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    nat::test::SeededEntropy entropy;
    Quiet console;
    FlowTable table(
        {.limits = {.mappings = 8, .sessions = 16, .mappings_per_host = 6, .sessions_per_host = 12},
         .timeouts = {},
         .filtering = Filtering::address_dependent},
        entropy, 0);
    MappingMirror mirror(table, {{{0x0a000101}, 24}, {0x0a000001}, {}}, entropy, console);
    table.set_listener(&mirror);
    std::int64_t second = 0;
    const std::string text(data, data + size);
    std::string_view rest(text);
    while (!rest.empty()) {
        const auto line = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(std::min(rest.size(), line.size() + 1));
        ++second;
        const auto tick = static_cast<Tick>(second);
        mirror.set_now(rt::Instant{} + rt::Duration::seconds(second), tick, {1000 + second});
        table.expire(tick, 100);
        mirror.run();
        const auto blank = line.find(' ');
        const auto path = line.substr(0, blank);
        std::string held;
        if (const auto inside = parse_path(path)) {
            std::string again;
            write_path(again, *inside);
            require(again == path);
        }
        if (blank == std::string_view::npos) {
            mirror.foreign(path, std::nullopt);
            require(mirror.held(path, held) != rt::MirrorSource::Held::present);
            std::uint64_t cursor = 0;
            std::string below;
            for (int i = 0; i < 9 && mirror.next_below(path, cursor, below); ++i)
                require(parse_path(below).has_value());
        } else {
            const auto value = line.substr(blank + 1);
            if (line.size() % 3 == 0) mirror.restore(path, value);
            mirror.foreign(path, value);
            // Taken as it is, or to be put right, or not a mapping that could be.
            if (mirror.held(path, held) == rt::MirrorSource::Held::present && held != value)
                require(mirror.has_changes());
        }
        rt::MirrorChange change;
        if (line.size() % 2 == 0 && mirror.next(change)) {
            require(!change.path.empty());
            if (line.size() % 8 == 0 && change.kind != rt::MirrorChange::Kind::remove) {
                mirror.refused(change);
                mirror.retry_refused(3);
            }
        }
    }
    require(table.is_consistent());
    return 0;
}
