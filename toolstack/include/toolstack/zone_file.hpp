#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "toolstack/configuration.hpp"

namespace stemma::toolstack {

// Longest zone text, in bytes, and longest piece of it: a XenStore value with its path must fit one
// message, and a guest must be able to read it.
inline constexpr std::size_t zone_text_max = 4u << 20;
inline constexpr std::size_t zone_chunk_max = 1999;

struct ZoneError {
    std::size_t line = 0;  // from 1; 0: the whole file
    std::string cause;
};

// The zone that a master file holds. `origin`: what the configuration says, or empty: then $ORIGIN,
// or else the owner of the first SOA, says it. Only what is needed to cut the text and to name the
// zone is judged here; the records are the guest's to judge.
std::expected<Zone, ZoneError> make_zone(std::string_view text, std::string_view origin);

// A zone's key in Configuration::zones and, by encode_element(), under /stemma/zones.
std::string zone_name(std::string_view origin);

// A domain name in presentation form without escapes; with or without the last dot.
bool is_domain_name(std::string_view name);

}  // namespace stemma::toolstack
