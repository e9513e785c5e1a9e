// Where git objects go on their way to disk: the one thing to replace for another way of writing.
#pragma once

#include <cstdint>
#include <expected>
#include <string_view>

#include "store/error.hpp"
#include "store/stored_form.hpp"

namespace stemma::store {

// Numbered as in a pack file (gitformat-pack(5)).
enum class ObjectKind : std::uint8_t { commit = 1, tree = 2, blob = 3 };

// How to make an object from another of its kind that was put before and stays (delta_text.hpp),
// known without a search.
struct Delta {
    ObjectId base{};
    std::string_view instructions;
};

class ObjectSink {
  public:
    virtual ~ObjectSink() = default;
    // Takes the object over; when it is durable is the sink's matter.
    virtual std::expected<ObjectId, Error> put(ObjectKind kind, std::string_view bytes) = 0;
    // The same; the sink may write the delta instead, where it has the base at hand.
    virtual std::expected<ObjectId, Error> put_delta(ObjectKind kind, std::string_view bytes,
                                                     const Delta&) {
        return put(kind, bytes);
    }
};

// The id git gives these bytes. Fails only on bytes made to collide, which SHA1DC notices; of trees
// see sha1.hpp.
std::expected<ObjectId, Error> object_id(ObjectKind kind, std::string_view bytes);

}  // namespace stemma::store
