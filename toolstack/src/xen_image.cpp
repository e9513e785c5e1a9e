#include "toolstack/xen_image.hpp"

#include <elf.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <string_view>
#include <vector>

#include "toolstack/descriptor.hpp"

namespace stemma::toolstack {

namespace {

constexpr std::size_t segments_max = 64;     // looked at
constexpr std::size_t notes_max = 64 << 10;  // bytes, of one segment

template <typename Value>
bool read_at(int file, std::uint64_t offset, Value& value) {
    return ::pread(file, &value, sizeof value, static_cast<off_t>(offset)) ==
           static_cast<ssize_t>(sizeof value);
}

// Notes follow each other: three words, the owner's name and the description, each padded to four
// bytes (System V ABI, "Note Section").
bool has_xen_note(std::string_view notes) {
    Elf32_Nhdr head;
    const auto padded = [](std::uint64_t size) { return (size + 3) / 4 * 4; };
    while (notes.size() >= sizeof head) {
        std::memcpy(&head, notes.data(), sizeof head);
        notes.remove_prefix(sizeof head);
        if (head.n_namesz == 4 && notes.starts_with(std::string_view("Xen", 4))) return true;
        const std::uint64_t length = padded(head.n_namesz) + padded(head.n_descsz);
        notes.remove_prefix(std::min<std::uint64_t>(length, notes.size()));
    }
    return false;
}

template <typename Head, typename Segment>
bool has_xen_segment(int file) {
    Head head;
    if (!read_at(file, 0, head)) return false;
    for (std::size_t i = 0; i < std::min<std::size_t>(head.e_phnum, segments_max); ++i) {
        Segment segment;
        if (!read_at(file, head.e_phoff + i * sizeof segment, segment)) return false;
        if (segment.p_type != PT_NOTE) continue;
        std::vector<char> notes(std::min<std::uint64_t>(segment.p_filesz, notes_max));
        const auto count =
            ::pread(file, notes.data(), notes.size(), static_cast<off_t>(segment.p_offset));
        if (count > 0 && has_xen_note({notes.data(), static_cast<std::size_t>(count)})) {
            return true;
        }
    }
    return false;
}

}  // namespace

bool is_xen_image(const std::string& path) {
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    unsigned char identity[EI_NIDENT] = {};
    if (!file || !read_at(file.get(), 0, identity)) return false;
    if (std::memcmp(identity, ELFMAG, SELFMAG) != 0) return false;
    return identity[EI_CLASS] == ELFCLASS64 ? has_xen_segment<Elf64_Ehdr, Elf64_Phdr>(file.get())
                                            : has_xen_segment<Elf32_Ehdr, Elf32_Phdr>(file.get());
}

}  // namespace stemma::toolstack
