// What others may write below data/net/arp, and what a saved state may hold: a path up to the first
// newline, then a value.
#include <cstdlib>
#include <string_view>

#include "../../../unit/guests/net/test_port.hpp"
#include "net/arp_mirror.hpp"

using namespace stemma;
using namespace stemma::net;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    test::TestPort port{{{2, 0x16, 0x3e, 0, 0, 1}}};
    test::TestEntropy entropy;
    test::TestClock clock;
    Interface interface(0, port, {{{0x0a000001}, 24}, std::nullopt}, entropy, {.capacity = 4});
    ArpMirror mirror(clock, {&interface});
    const std::string text(data, data + size);
    std::string_view rest(text);
    while (!rest.empty()) {
        const auto line = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(std::min(rest.size(), line.size() + 1));
        const auto blank = line.find(' ');
        const auto path = line.substr(0, blank);
        std::string held;
        if (blank == std::string_view::npos) {
            mirror.foreign(path, std::nullopt);
            if (mirror.held(path, held) == rt::MirrorSource::Held::present) std::abort();
        } else {
            const auto value = line.substr(blank + 1);
            mirror.restore(path, value);
            mirror.foreign(path, value);
            // either it was taken, or a change is pending that puts it right
            const auto state = mirror.held(path, held);
            if (state != rt::MirrorSource::Held::not_an_entry && held != value &&
                !mirror.has_changes())
                std::abort();
        }
        rt::MirrorChange change;
        if (line.size() % 2 == 0) mirror.next(change);
        clock.advance(rt::Duration::seconds(1));
        interface.run(clock.now());
    }
    return 0;
}
