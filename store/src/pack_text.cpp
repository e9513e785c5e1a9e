#include "pack_text.hpp"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "sha1.hpp"

namespace stemma::store {
namespace {

constexpr std::size_t pack_header = 12;  // "PACK", version, count
constexpr std::size_t checksum = 20;
constexpr std::size_t index_header = 8;
constexpr std::size_t fanout = 256 * 4;

void append_be32(std::string& text, std::uint32_t number) {
    for (int shift = 24; shift >= 0; shift -= 8)
        text += static_cast<char>(number >> shift & 0xff);
}

std::uint32_t be32_at(std::string_view text, std::size_t at) {
    std::uint32_t number = 0;
    for (std::size_t i = 0; i < 4; ++i) {
        number = number << 8 | static_cast<std::uint8_t>(text[at + i]);
    }
    return number;
}

void append_id(std::string& text, const ObjectId& id) {
    for (const std::uint8_t byte : id)
        text += static_cast<char>(byte);
}

// Kind and size: four bits of the size beside the kind, then seven a byte, low ones first.
constexpr unsigned offset_delta = 6;

void append_object_header(std::string& text, unsigned kind, std::size_t size) {
    unsigned byte = kind << 4 | (size & 15);
    for (size >>= 4; size > 0; size >>= 7) {
        text += static_cast<char>(byte | 0x80);
        byte = size & 0x7f;
    }
    text += static_cast<char>(byte);
}

// How far back a delta's base is: seven bits a byte, high ones first, each longer form beginning
// where the shorter ones end.
void append_distance(std::string& text, std::size_t distance) {
    char bytes[10];
    std::size_t at = sizeof bytes;
    bytes[--at] = static_cast<char>(distance & 0x7f);
    while ((distance >>= 7) > 0)
        bytes[--at] = static_cast<char>(0x80 | (--distance & 0x7f));
    text.append(bytes + at, sizeof bytes - at);
}

// Takes it off the front; absent if there is none.
std::optional<std::size_t> take_distance(std::string_view& text) {
    std::size_t distance = 0;
    for (unsigned byte = 0x80, i = 0; (byte & 0x80) != 0; ++i) {
        if (text.empty() || i > 8) return std::nullopt;
        byte = static_cast<std::uint8_t>(text.front());
        text.remove_prefix(1);
        distance = (i == 0 ? 0 : (distance + 1) << 7) | (byte & 0x7f);
    }
    return distance;
}

// Kind and size, as append_object_header writes them.
unsigned take_object_header(std::string_view& text) {
    const unsigned kind = static_cast<std::uint8_t>(text.front()) >> 4 & 7;
    while (text.size() > 1 && (static_cast<std::uint8_t>(text.front()) & 0x80) != 0)
        text.remove_prefix(1);
    text.remove_prefix(1);
    return kind;
}

const Bytef* zlib_bytes(std::string_view text) {
    return static_cast<const Bytef*>(static_cast<const void*>(text.data()));
}

std::uint32_t crc_of(std::string_view bytes) {
    return static_cast<std::uint32_t>(
        crc32_z(crc32_z(0, nullptr, 0), zlib_bytes(bytes), bytes.size()));
}

// A zlib stream of stored blocks (RFC 1950, RFC 1951 3.2.4): for what does not compress. Most of a
// tree is hashes, and most values are a few words.
void append_stored(std::string& text, std::string_view bytes) {
    text += "\x78\x01";
    auto rest = bytes;
    do {
        const auto block = rest.substr(0, 0xffff);
        rest.remove_prefix(block.size());
        text += static_cast<char>(rest.empty() ? 1 : 0);
        const auto length = static_cast<unsigned>(block.size());
        for (const unsigned half : {length, ~length}) {
            text += static_cast<char>(half & 0xff);
            text += static_cast<char>(half >> 8 & 0xff);
        }
        text += block;
    } while (!rest.empty());
    append_be32(text, static_cast<std::uint32_t>(
                          adler32_z(adler32_z(0, nullptr, 0), zlib_bytes(bytes), bytes.size())));
}

bool append_deflated(std::string& text, std::string_view bytes) {
    uLongf size = compressBound(bytes.size());
    const std::size_t start = text.size();
    text.resize(start + size);
    auto* const to = static_cast<Bytef*>(static_cast<void*>(text.data() + start));
    const int code = compress2(to, &size, zlib_bytes(bytes), bytes.size(), Z_BEST_SPEED);
    text.resize(code == Z_OK ? start + size : start);
    return code == Z_OK;
}

std::unexpected<Error> corrupt(const char* why) {
    return std::unexpected(Error{Error::Kind::corrupt, "read", "a pack", why});
}

}  // namespace

PackText::PackText() : bytes_("PACK") {
    append_be32(bytes_, 2);
    append_be32(bytes_, 0);  // the count, known when sealed
}

std::size_t PackText::note(const ObjectId& id, std::size_t start) {
    objects_.push_back({id, start, crc_of(std::string_view(bytes_).substr(start))});
    return start;
}

std::size_t PackText::add(const ObjectId& id, ObjectKind kind, std::string_view bytes) {
    // A blob worth compressing is a zone chunk or another long text.
    static constexpr std::size_t worth_compressing = 512;
    const std::size_t start = bytes_.size();
    append_object_header(bytes_, static_cast<unsigned>(kind), bytes.size());
    const bool try_deflate = kind != ObjectKind::tree && bytes.size() >= worth_compressing;
    if (!try_deflate || !append_deflated(bytes_, bytes)) append_stored(bytes_, bytes);
    return note(id, start);
}

std::size_t PackText::add_delta(const ObjectId& id, std::size_t base_offset,
                                std::string_view instructions) {
    const std::size_t start = bytes_.size();
    append_object_header(bytes_, offset_delta, instructions.size());
    append_distance(bytes_, start - base_offset);
    append_stored(bytes_, instructions);
    return note(id, start);
}

std::size_t PackText::add_packed(const PackedBytes& object, std::size_t base_offset) {
    const std::size_t start = bytes_.size();
    if (object.base) {
        std::string_view rest = object.packed;
        take_object_header(rest);
        bytes_ += object.packed.substr(0, object.packed.size() - rest.size());
        take_distance(rest);
        append_distance(bytes_, start - base_offset);
        bytes_ += rest;
    } else {
        bytes_ += object.packed;
    }
    return note(object.id, start);
}

void PackText::seal() {
    std::string count;
    append_be32(count, static_cast<std::uint32_t>(objects_.size()));
    bytes_.replace(8, 4, count);
    append_id(bytes_, sha1(bytes_));
    std::ranges::sort(objects_, {}, &PackedObject::id);
}

std::string PackText::index() const {
    std::string text = "\377tOc";
    append_be32(text, 2);
    std::uint32_t up_to = 0;
    for (unsigned first = 0; first < 256; ++first) {
        while (up_to < objects_.size() && objects_[up_to].id[0] == first)
            ++up_to;
        append_be32(text, up_to);
    }
    for (const PackedObject& object : objects_)
        append_id(text, object.id);
    for (const PackedObject& object : objects_)
        append_be32(text, object.crc);
    for (const PackedObject& object : objects_) {
        append_be32(text, static_cast<std::uint32_t>(object.offset));
    }
    text.append(bytes_, bytes_.size() - checksum);
    append_id(text, sha1(text));
    return text;
}

std::string PackText::name(std::string_view group) const {
    const auto* const end = zlib_bytes(bytes_) + bytes_.size();
    return std::string(own_pack_prefix).append(group).append("-") +
           to_hex({end - checksum, checksum});
}

std::optional<std::string> pack_group(std::string_view file_name) {
    if (!file_name.starts_with(own_pack_prefix)) return std::nullopt;
    file_name.remove_prefix(own_pack_prefix.size());
    const auto dash = file_name.rfind('-');
    // Packs of the first version had no group.
    return std::string(dash == std::string_view::npos ? kept_group : file_name.substr(0, dash));
}

std::expected<std::vector<PackedBytes>, Error> packed_objects(std::string_view pack,
                                                              std::string_view index) {
    if (!index.starts_with(std::string_view("\377tOc\0\0\0\2", index_header)) ||
        index.size() < index_header + fanout || pack.size() < pack_header + checksum) {
        return corrupt("not a pack with an index of version 2");
    }
    const std::size_t count = be32_at(index, index_header + fanout - 4);
    const std::size_t ids = index_header + fanout;
    const std::size_t offsets = ids + count * (checksum + 4);
    // 28 bytes an object; a pack of ours has no table of long offsets.
    if (index.size() != offsets + count * 4 + 2 * checksum || be32_at(pack, 8) != count) {
        return corrupt("pack and index do not fit each other");
    }
    std::vector<std::pair<std::size_t, std::size_t>> places;  // offset, place in the index
    for (std::size_t i = 0; i < count; ++i)
        places.emplace_back(be32_at(index, offsets + i * 4), i);
    std::ranges::sort(places);
    std::vector<PackedBytes> objects;
    objects.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
        const std::size_t end = i + 1 < count ? places[i + 1].first : pack.size() - checksum;
        const std::size_t start = places[i].first;
        if (start < pack_header || start >= end) return corrupt("offsets out of order");
        PackedBytes object;
        object.packed = pack.substr(start, end - start);
        object.offset = start;
        std::string_view rest = object.packed;
        const unsigned kind = take_object_header(rest);
        if (kind == offset_delta) {
            const auto distance = take_distance(rest);
            if (!distance || *distance == 0 || *distance > start - pack_header) {
                return corrupt("a delta of nothing in the pack");
            }
            object.base = start - *distance;
        } else if (kind < 1 || kind > 3) {
            return std::unexpected(Error{Error::Kind::refused, "join", "a pack",
                                         "it has tags, or deltas of other packs' objects"});
        }
        std::memcpy(object.id.data(), index.data() + ids + places[i].second * checksum, checksum);
        objects.push_back(object);
    }
    return objects;
}

std::expected<std::vector<ObjectId>, Error> indexed_ids(std::string_view index) {
    const std::size_t ids = index_header + fanout;
    if (!index.starts_with(std::string_view("\377tOc\0\0\0\2", index_header)) ||
        index.size() < ids) {
        return corrupt("not an index of version 2");
    }
    const std::size_t count = be32_at(index, ids - 4);
    if ((index.size() - ids) / (checksum + 8) < count) return corrupt("an index cut short");
    std::vector<ObjectId> all(count);
    for (std::size_t i = 0; i < count; ++i)
        std::memcpy(all[i].data(), index.data() + ids + i * checksum, checksum);
    return all;
}

}  // namespace stemma::store
