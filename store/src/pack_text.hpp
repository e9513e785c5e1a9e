// The bytes of a git pack and of its index, version 2 each (gitformat-pack(5)): objects one after
// another, whole or as the delta of one before in the same pack (OFS_DELTA). Whoever makes an
// object from another knows the delta; nothing is searched.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "object_sink.hpp"
#include "store/stored_form.hpp"

namespace stemma::store {

struct PackedObject {
    ObjectId id{};
    std::uint64_t offset = 0;  // in the pack; below 2^31
    std::uint32_t crc = 0;     // of the object's bytes in the pack
};

// An object as a pack has it.
struct PackedBytes {
    ObjectId id{};
    std::string_view packed;
    std::size_t offset = 0;
    std::optional<std::size_t> base;  // of a delta: the offset of what it is made from
};

// Git takes a pack of any name, and calls its own pack-CHECKSUM. Ours are called
// pack-stemma-GROUP-CHECKSUM: a group is what is removed together, an epoch (by its name) or what
// other refs keep.
inline constexpr std::string_view own_pack_prefix = "pack-stemma-";
inline constexpr std::string_view kept_group = "kept";
// The group in a file's name; absent if it is no pack of ours.
std::optional<std::string> pack_group(std::string_view file_name);

// A pack being put together in memory.
class PackText {
  public:
    PackText();

    // Each gives the offset at which the object begins.
    std::size_t add(const ObjectId& id, ObjectKind kind, std::string_view bytes);
    std::size_t add_delta(const ObjectId& id, std::size_t base_offset,
                          std::string_view instructions);
    // An object as another pack has it, header and all; a delta's base is at `base_offset` here.
    std::size_t add_packed(const PackedBytes& object, std::size_t base_offset = 0);

    bool empty() const { return objects_.empty(); }
    std::size_t size() const { return bytes_.size(); }
    std::size_t count() const { return objects_.size(); }

    // Completes the pack; after this only the two texts may be asked for.
    void seal();
    const std::string& bytes() const { return bytes_; }
    std::string index() const;
    std::string name(std::string_view group) const;  // without extension

  private:
    std::size_t note(const ObjectId& id, std::size_t start);

    std::string bytes_;
    std::vector<PackedObject> objects_;
};

// The objects of a pack by its index, with their bytes in the pack, in the order they have there.
// Corrupt if the two do not fit; refused if there is an object that this store never writes, so
// that the pack is git's own work and not ours to touch.
std::expected<std::vector<PackedBytes>, Error> packed_objects(std::string_view pack,
                                                              std::string_view index);

// The ids of an index, sorted; corrupt if it is none.
std::expected<std::vector<ObjectId>, Error> indexed_ids(std::string_view index);

}  // namespace stemma::store
