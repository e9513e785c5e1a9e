#include "toolstack/xen/acpi_tables.hpp"

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <string_view>
#include <utility>

namespace stemma::toolstack {

namespace {

using Bytes = std::vector<std::uint8_t>;

// Little-endian, as all of ACPI.
template <typename Number>
void put(Bytes& bytes, std::size_t at, Number number) {
    for (std::size_t i = 0; i < sizeof number; ++i)
        bytes[at + i] = static_cast<std::uint8_t>(std::uint64_t{number} >> 8 * i);
}
void put(Bytes& bytes, std::size_t at, std::string_view text) {
    std::ranges::copy(text, bytes.begin() + static_cast<std::ptrdiff_t>(at));
}

// Makes the sum of the first `size` bytes 0.
void seal(Bytes& bytes, std::size_t checksum_at, std::size_t size) {
    const auto end = bytes.begin() + static_cast<std::ptrdiff_t>(size);
    bytes[checksum_at] = 0;
    bytes[checksum_at] = static_cast<std::uint8_t>(-std::accumulate(bytes.begin(), end, 0));
}

constexpr std::string_view maker = "Stemma";

// 5.2.6, System Description Table Header
constexpr std::size_t header_size = 36, header_checksum = 9;
Bytes table(std::string_view signature, std::uint8_t revision, std::size_t size) {
    Bytes bytes(size);
    put(bytes, 0, signature);
    put(bytes, 4, static_cast<std::uint32_t>(size));
    put(bytes, 8, revision);
    put(bytes, 10, maker);
    put(bytes, 16, std::string_view("PVH     "));
    put(bytes, 24, std::uint32_t{1});
    put(bytes, 28, std::string_view("STEM"));
    put(bytes, 32, std::uint32_t{1});
    return bytes;
}
Bytes sealed(Bytes bytes) {
    seal(bytes, header_checksum, bytes.size());
    return bytes;
}

// 5.2.9, of ACPI 5.0
Bytes fixed_description(std::uint64_t dsdt) {
    constexpr std::uint16_t no_vga = 1 << 2, no_cmos_clock = 1 << 5;
    constexpr std::uint32_t wbinvd = 1 << 0, c1 = 1 << 2, no_power_button = 1 << 4,
                            no_sleep_button = 1 << 5, no_fixed_rtc = 1 << 6,
                            hardware_reduced = 1 << 20;
    Bytes bytes = table("FACP", 5, 268);
    put(bytes, 40, static_cast<std::uint32_t>(dsdt));
    put(bytes, 109, static_cast<std::uint16_t>(no_vga | no_cmos_clock));
    put(bytes, 112,
        wbinvd | c1 | no_power_button | no_sleep_button | no_fixed_rtc | hardware_reduced);
    put(bytes, 140, dsdt);
    return sealed(std::move(bytes));
}

// 5.2.12: the local APICs, whose numbers Xen gives in twos
Bytes processors(std::uint32_t vcpus) {
    constexpr std::uint32_t local_apics = 0xfee00000;
    constexpr std::size_t entries = header_size + 8, entry_size = 8;
    Bytes bytes = table("APIC", 3, entries + vcpus * entry_size);
    put(bytes, header_size, local_apics);
    for (std::uint32_t i = 0; i < vcpus; ++i) {
        const std::size_t entry = entries + i * entry_size;
        bytes[entry + 1] = entry_size;
        bytes[entry + 2] = static_cast<std::uint8_t>(i);
        bytes[entry + 3] = static_cast<std::uint8_t>(2 * i);
        put(bytes, entry + 4, std::uint32_t{1});  // enabled
    }
    return sealed(std::move(bytes));
}

// 5.2.5.3
constexpr std::size_t rsdp_size = 36;
Bytes root_pointer(std::uint64_t xsdt) {
    Bytes bytes(rsdp_size);
    put(bytes, 0, std::string_view("RSD PTR "));
    put(bytes, 9, maker);
    bytes[15] = 2;  // its revision
    put(bytes, 20, std::uint32_t{rsdp_size});
    put(bytes, 24, xsdt);
    seal(bytes, 8, 20);
    seal(bytes, 32, rsdp_size);
    return bytes;
}

}  // namespace

std::vector<std::uint8_t> acpi_tables(std::uint64_t address, std::uint32_t vcpus) {
    Bytes all(rsdp_size);
    // Each on a boundary of 16 bytes; where it lies for the domain.
    const auto add = [&](const Bytes& table) {
        all.resize((all.size() + 15) / 16 * 16);
        const std::uint64_t place = address + all.size();
        all.insert(all.end(), table.begin(), table.end());
        return place;
    };
    const std::uint64_t dsdt = add(sealed(table("DSDT", 2, header_size)));  // nothing to describe
    const std::uint64_t fadt = add(fixed_description(dsdt));
    const std::uint64_t madt = add(processors(vcpus));
    Bytes root = table("XSDT", 1, header_size + 16);
    put(root, header_size, fadt);
    put(root, header_size + 8, madt);
    const std::uint64_t xsdt = add(sealed(std::move(root)));
    std::ranges::copy(root_pointer(xsdt), all.begin());
    return all;
}

}  // namespace stemma::toolstack
