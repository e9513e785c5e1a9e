#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "rt/saved_state.hpp"
#include "xs_wire/path.hpp"

// What is read from any bytes has legal paths and, written again, reads the same.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace stemma::rt;
    std::vector<std::uint8_t> again;
    std::size_t count = 0;
    SavedStateReader reader({data, size});
    while (const auto entry = reader.next()) {
        if (!stemma::xs::is_relative_path(entry->path)) std::abort();
        if (!append_saved_entry(again, *entry)) std::abort();
        ++count;
    }
    SavedStateReader second(again);
    while (second.next())
        --count;
    if (count != 0 || second.truncated() || second.skipped() != 0) std::abort();
    return 0;
}
