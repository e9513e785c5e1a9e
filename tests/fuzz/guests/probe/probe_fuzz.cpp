// What reaches the probe from outside: DNS responses, words of a command line or of
// data/probe/command, names from the store. The first byte chooses.
#include <array>
#include <cstdlib>
#include <string_view>

#include "probe/dns_query.hpp"
#include "probe/options.hpp"

using namespace stemma::probe;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::span<const std::uint8_t> bytes(data + 1, size - 1);
    const std::string text(bytes.begin(), bytes.end());
    switch (data[0] % 4) {
        case 0: {
            std::array<std::uint8_t, dns_query_max> query;
            const auto length = write_dns_query(query, 0x3031, "www.example");
            // with id and question that fit, so that the records are looked at
            std::vector<std::uint8_t> response(
                query.begin(), query.begin() + static_cast<std::ptrdiff_t>(*length));
            response[2] = 0x80;
            if (bytes.size() > 2) {
                response[3] = bytes[0];
                response[7] = bytes[1];
                response.insert(response.end(), bytes.begin() + 2, bytes.end());
            }
            response.shrink_to_fit();
            const auto answer = read_dns_answer(response, std::span(query).first(*length));
            if (answer && answer->text().empty()) std::abort();
            (void)read_dns_answer(bytes, std::span(query).first(*length));
            break;
        }
        case 1: {
            const auto options = Options::parse(text);
            if (!options && options.error().empty()) std::abort();
            break;
        }
        case 2: {
            const auto tasks = Tasks::parse(text);
            if (!tasks && tasks.error().empty()) std::abort();
            break;
        }
        case 3: {
            const auto names = parse_names(text);
            if (names && (names->empty() || names->size() > ResolveOptions::names_max))
                std::abort();
            (void)parse_duration(text);
            break;
        }
    }
    return 0;
}
