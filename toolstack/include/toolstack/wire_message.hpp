#pragma once

#include <string>
#include <string_view>

#include "xs_wire/message.hpp"

namespace stemma::toolstack {

// Appends a message as it goes over xenstored's socket; the header has the payload's length.
void append_message(std::string& bytes, const xs::Header& header, std::string_view payload);

}  // namespace stemma::toolstack
