#pragma once

#include <algorithm>
#include <cstdio>
#include <string>
#include <string_view>

#include "fake_store.hpp"

namespace stemma::dns_test {

inline constexpr std::string_view zone_path = "/stemma/zones/example_2eorg";

inline std::string chunk_path(std::size_t number) {
    char name[16];
    std::snprintf(name, sizeof name, "/chunks/%04u", static_cast<unsigned>(number));
    return std::string(zone_path).append(name);
}

// Puts a zone where the toolstack does, the serial last.
inline std::size_t put_zone(rt::FakeStore& store, std::string_view text, std::string_view serial,
                            std::size_t chunk = 100) {
    const std::string path(zone_path);
    std::size_t count = 0;
    for (; !text.empty(); ++count) {
        store.set(chunk_path(count), text.substr(0, chunk));
        text.remove_prefix(std::min(chunk, text.size()));
    }
    store.set(path + "/origin", "example.org.");
    store.set(path + "/count", std::to_string(count));
    store.set(path + "/serial", serial);
    return count;
}

inline std::string small_zone(std::string_view address, std::string_view more = "") {
    std::string text = "$TTL 60\n@ SOA ns h 7 2 3 4 5\n@ NS ns\nns A ";
    return text.append(address).append("\n").append(more);
}

}  // namespace stemma::dns_test
