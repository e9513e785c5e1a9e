// Any bytes are a `.node` file or are refused; what is accepted means the same when written again.
#include "node_text.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>

using namespace stemma::store;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(static_cast<const char*>(static_cast<const void*>(data)), size);
    const auto text = parse_node_text(bytes);
    if (!text) return 0;
    const auto again = parse_node_text(format_node_text(*text));
    if (!again || *again != *text) std::abort();
    return 0;
}
