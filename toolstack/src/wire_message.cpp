#include "toolstack/wire_message.hpp"

#include <array>
#include <cstring>

namespace stemma::toolstack {

void append_message(std::string& bytes, const xs::Header& header, std::string_view payload) {
    std::array<std::byte, xs::Header::size> packed;
    header.write(packed);
    const std::size_t at = bytes.size();
    bytes.resize(at + packed.size());
    std::memcpy(bytes.data() + at, packed.data(), packed.size());
    bytes += payload;
}

}  // namespace stemma::toolstack
