// The bytes of a git pack and of its index, version 2 each (gitformat-pack(5)): objects one after
// another, none as a delta of another. That makes a pack cheap to write and to join with others;
// `git gc` finds deltas when somebody runs it.
#pragma once

#include <cstdint>
#include <expected>
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

// Git takes a pack of any name, and calls its own pack-CHECKSUM: so we tell ours from those.
inline constexpr std::string_view own_pack_prefix = "pack-stemma-";

// A pack being put together in memory.
class PackText {
  public:
    PackText();

    void add(const ObjectId& id, ObjectKind kind, std::string_view bytes);
    // An object as another pack has it, header and all.
    void add_packed(const ObjectId& id, std::string_view packed);

    bool empty() const { return objects_.empty(); }
    std::size_t size() const { return bytes_.size(); }
    std::size_t count() const { return objects_.size(); }

    // Completes the pack; after this only the two texts may be asked for.
    void seal();
    const std::string& bytes() const { return bytes_; }
    std::string index() const;
    std::string name() const;  // own_pack_prefix and the checksum of the pack

  private:
    std::string bytes_;
    std::vector<PackedObject> objects_;
};

// The objects of a pack by its index, with their bytes in the pack. Corrupt if the two do not fit;
// refused if an object is a delta, so that the pack is git's own work and not ours to touch.
struct PackedBytes {
    ObjectId id{};
    std::string_view packed;
};
std::expected<std::vector<PackedBytes>, Error> packed_objects(std::string_view pack,
                                                              std::string_view index);

}  // namespace stemma::store
