#include "toolstack/xen_image.hpp"

#include <elf.h>

#include <catch2/catch.hpp>

#include <cstring>
#include <fstream>

#include "temporary_directory.hpp"

namespace stemma::toolstack {

namespace {

// An ELF file of one class with one note segment: an owner of three letters, before it another.
template <typename Head, typename Segment>
std::string elf(unsigned char file_class, const char* owner) {
    std::string notes;
    for (const char* name : {"GNU", owner}) {
        const Elf32_Nhdr note{4, 6, 18};
        notes.append(reinterpret_cast<const char*>(&note), sizeof note);
        notes.append(name, 4);
        notes.append(8, '\1');  // six bytes and their padding
    }
    Head head{};
    std::memcpy(head.e_ident, ELFMAG, SELFMAG);
    head.e_ident[EI_CLASS] = file_class;
    head.e_phoff = sizeof head;
    head.e_phnum = 2;
    Segment segments[2]{};
    segments[0].p_type = PT_LOAD;
    segments[1].p_type = PT_NOTE;
    segments[1].p_offset = sizeof head + sizeof segments;
    segments[1].p_filesz = static_cast<decltype(segments[1].p_filesz)>(notes.size());
    std::string text(reinterpret_cast<const char*>(&head), sizeof head);
    text.append(reinterpret_cast<const char*>(segments), sizeof segments);
    return text + notes;
}

bool is_image(const std::string& bytes) {
    const TemporaryDirectory directory;
    std::ofstream(directory / "image") << bytes;
    return is_xen_image(directory / "image");
}

}  // namespace

TEST_CASE("an image for Xen has a note of Xen's, of either class of ELF") {
    CHECK(is_image(elf<Elf64_Ehdr, Elf64_Phdr>(ELFCLASS64, "Xen")));
    CHECK(is_image(elf<Elf32_Ehdr, Elf32_Phdr>(ELFCLASS32, "Xen")));
    CHECK_FALSE(is_image(elf<Elf64_Ehdr, Elf64_Phdr>(ELFCLASS64, "Not")));
    CHECK_FALSE(is_image(elf<Elf32_Ehdr, Elf32_Phdr>(ELFCLASS32, "Not")));
}

TEST_CASE("what is no ELF file, or not whole, is no image for Xen") {
    CHECK_FALSE(is_image(""));
    CHECK_FALSE(is_image("#!/bin/sh\n# Xen\n"));
    CHECK_FALSE(is_xen_image("/nonexistent"));
    CHECK_FALSE(is_xen_image("/proc/self/exe"));
    const std::string whole = elf<Elf64_Ehdr, Elf64_Phdr>(ELFCLASS64, "Xen");
    for (std::size_t size = 0; size < whole.size(); ++size) {
        // The note's last eight bytes are its description.
        CHECK(is_image(whole.substr(0, size)) == (size + 8 >= whole.size()));
    }
}

}  // namespace stemma::toolstack
