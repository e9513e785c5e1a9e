// SHA-1 of bytes, as pack files, hashed names and tree objects need it. The ids of blobs and
// commits are made by git_odb_hash instead (object_sink.hpp), which notices made collisions: guests
// choose what is in those. Of a tree they choose names of a few letters and, through hashes, what
// nobody can choose; that hash runs at memory speed (SHA-NI), and a tree may be 400 KB.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "store/stored_form.hpp"

namespace stemma::store {

ObjectId sha1(std::string_view bytes);
// Of the two, one after the other.
ObjectId sha1(std::string_view head, std::string_view bytes);

std::string to_hex(std::span<const std::uint8_t> bytes);

}  // namespace stemma::store
