#pragma once

#include <cstdint>
#include <vector>

namespace stemma::toolstack {

// The ACPI tables (ACPI specification 6.5, chapter 5) of a PVH domain with `vcpus` processors:
// RSDP, XSDT, FADT, DSDT and MADT, as they are to lie in its memory from `address` on, the RSDP
// first.
//
// A Linux that finds no processor in a MADT sets up no clock of Xen's and waits for a PIT that is
// not there (native_smp_prepare_cpus() in arch/x86/kernel/smpboot.c). The machine has no ACPI
// hardware: it says that it is hardware-reduced, without a VGA, a keyboard controller or a CMOS
// clock.
std::vector<std::uint8_t> acpi_tables(std::uint64_t address, std::uint32_t vcpus);

}  // namespace stemma::toolstack
