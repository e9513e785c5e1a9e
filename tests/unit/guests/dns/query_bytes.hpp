#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

// Makes queries for tests, by hand and not with the code under test.
namespace stemma::dns_test {

using Bytes = std::vector<std::uint8_t>;

inline void put16(Bytes& bytes, unsigned value) {
    bytes.push_back(static_cast<std::uint8_t>(value >> 8));
    bytes.push_back(static_cast<std::uint8_t>(value));
}

// "www.example.org" or "www.example.org."; no escapes.
inline void put_name(Bytes& bytes, std::string_view name) {
    while (!name.empty() && name != ".") {
        const auto dot = name.find('.');
        const auto label = name.substr(0, dot);
        bytes.push_back(static_cast<std::uint8_t>(label.size()));
        bytes.insert(bytes.end(), label.begin(), label.end());
        name = dot == std::string_view::npos ? std::string_view() : name.substr(dot + 1);
    }
    bytes.push_back(0);
}

struct EdnsOptions {
    unsigned size = 1232;
    unsigned version = 0;
    unsigned flags = 0;  // DO is 0x8000
    Bytes options{};
};

inline void put_opt(Bytes& bytes, const EdnsOptions& edns) {
    bytes.push_back(0);
    put16(bytes, 41);
    put16(bytes, edns.size);
    put16(bytes, edns.version);
    put16(bytes, edns.flags);
    put16(bytes, static_cast<unsigned>(edns.options.size()));
    bytes.insert(bytes.end(), edns.options.begin(), edns.options.end());
}

struct QueryShape {
    unsigned id = 0x1234;
    unsigned flags = 0;
    unsigned klass = 1;
    std::optional<EdnsOptions> edns{};
};

inline Bytes make_query(std::string_view name, unsigned type, const QueryShape& shape = {}) {
    Bytes bytes;
    put16(bytes, shape.id);
    put16(bytes, shape.flags);
    put16(bytes, 1);
    put16(bytes, 0);
    put16(bytes, 0);
    put16(bytes, shape.edns ? 1 : 0);
    put_name(bytes, name);
    put16(bytes, type);
    put16(bytes, shape.klass);
    if (shape.edns) put_opt(bytes, *shape.edns);
    return bytes;
}

}  // namespace stemma::dns_test
