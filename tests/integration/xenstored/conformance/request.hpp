#pragma once

#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <string_view>

namespace conformance {

// The name of an operation ("WRITE", or its number where it has none), and back.
std::string operation_name(std::uint32_t type);
std::expected<std::uint32_t, std::string> operation_of(std::string_view name);

// A message as it travels, from the words of a step: OPERATION [id=N] [len=N] [raw] ARGUMENTS.
// Each argument ends with a NUL, but for the value of a WRITE; no argument is one NUL. After "raw"
// the one argument is the payload as it is. id= and len= replace the header's.
std::expected<std::string, std::string> request_bytes(std::span<const std::string> words,
                                                      std::uint32_t request_id,
                                                      std::uint32_t transaction_id);

}  // namespace conformance
