// SHA-1 of bytes, as pack files and hashed names need it. Object ids are made by git_odb_hash
// instead (object_sink.hpp), which notices made collisions: guests choose what is in a blob.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "store/stored_form.hpp"

namespace stemma::store {

ObjectId sha1(std::string_view bytes);

std::string to_hex(std::span<const std::uint8_t> bytes);

}  // namespace stemma::store
