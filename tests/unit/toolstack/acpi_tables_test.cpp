#include "toolstack/xen/acpi_tables.hpp"

#include <catch2/catch.hpp>
#include <numeric>
#include <span>
#include <string>

namespace stemma::toolstack {

namespace {

constexpr std::uint64_t place = 0xfc000000;

std::uint64_t number(std::span<const std::uint8_t> bytes, std::size_t at, std::size_t size) {
    std::uint64_t value = 0;
    for (std::size_t i = size; i-- > 0;)
        value = value << 8 | bytes[at + i];
    return value;
}
std::uint8_t sum(std::span<const std::uint8_t> bytes) {
    return static_cast<std::uint8_t>(std::accumulate(bytes.begin(), bytes.end(), 0));
}
std::string text(std::span<const std::uint8_t> bytes, std::size_t at, std::size_t size) {
    return {reinterpret_cast<const char*>(bytes.data()) + at, size};
}

// Reads as a kernel does: by address, from the root pointer on.
struct Reader {
    std::uint32_t vcpus = 1;
    std::vector<std::uint8_t> memory = acpi_tables(place, vcpus);

    std::span<const std::uint8_t> at(std::uint64_t address) const {
        REQUIRE(address >= place);
        REQUIRE(address - place < memory.size());
        return std::span(memory).subspan(address - place);
    }
    std::span<const std::uint8_t> table(std::uint64_t address, const std::string& signature) const {
        const auto bytes = at(address);
        REQUIRE(bytes.size() >= 36);
        CHECK(text(bytes, 0, 4) == signature);
        const auto size = number(bytes, 4, 4);
        REQUIRE(size <= bytes.size());
        CHECK(sum(bytes.first(size)) == 0);
        return bytes.first(size);
    }
    std::span<const std::uint8_t> entry(std::size_t index, const std::string& signature) const {
        const auto root = table(number(memory, 24, 8), "XSDT");
        REQUIRE(root.size() == 36 + 2 * 8);
        return table(number(root, 36 + 8 * index, 8), signature);
    }
};

}  // namespace

TEST_CASE("the ACPI tables name each processor by its local APIC, of even numbers as Xen's") {
    const Reader reader{.vcpus = 128};
    CHECK(reader.memory.size() <= 4096);
    const auto all = reader.entry(1, "APIC");
    REQUIRE(all.size() == 36 + 8 + 128 * 8);
    const auto last = all.last(8);
    CHECK(last[1] == 8);
    CHECK(last[2] == 127);
    CHECK(last[3] == 254);
    CHECK(number(last, 4, 4) == 1);
}

TEST_CASE("the ACPI root pointer is a valid one of version 2, and all fits in a page") {
    const Reader reader;
    REQUIRE(reader.memory.size() >= 36);
    CHECK(reader.memory.size() <= 4096);
    CHECK(text(reader.memory, 0, 8) == "RSD PTR ");
    CHECK(sum(std::span(reader.memory).first(20)) == 0);
    CHECK(sum(std::span(reader.memory).first(36)) == 0);
    CHECK(reader.memory[15] == 2);
    CHECK(number(reader.memory, 20, 4) == 36);
}

TEST_CASE("the ACPI tables say that there is no ACPI hardware, and describe nothing") {
    const Reader reader;
    const auto fixed = reader.entry(0, "FACP");
    REQUIRE(fixed.size() == 268);
    CHECK((number(fixed, 112, 4) & 1u << 20) != 0);  // HW_REDUCED_ACPI
    CHECK(number(fixed, 109, 2) == (1u << 2 | 1u << 5));
    CHECK(number(fixed, 40, 4) == number(fixed, 140, 8));
    CHECK(reader.table(number(fixed, 140, 8), "DSDT").size() == 36);
}

TEST_CASE("the ACPI tables name one processor, by its local APIC") {
    const Reader reader;
    const auto all = reader.entry(1, "APIC");
    REQUIRE(all.size() == 36 + 8 + 8);
    CHECK(number(all, 36, 4) == 0xfee00000);
    CHECK(number(all, 40, 4) == 0);  // and no 8259
    const auto entry = all.subspan(44);
    CHECK(entry[0] == 0);             // a processor's local APIC
    CHECK(entry[1] == 8);             // bytes
    CHECK(entry[2] == 0);             // processor
    CHECK(entry[3] == 0);             // APIC
    CHECK(number(entry, 4, 4) == 1);  // enabled
}

}  // namespace stemma::toolstack
