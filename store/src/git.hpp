// Handles of libgit2 that free themselves, and its errors as values. Every source that includes
// this is private to the store.
#pragma once

#include <git2.h>

#include <memory>
#include <string>

#include "store/error.hpp"
#include "store/stored_form.hpp"

namespace stemma::store::git {

template <auto Free>
struct Freed {
    template <class T>
    void operator()(T* handle) const {
        Free(handle);
    }
};

using Repository = std::unique_ptr<git_repository, Freed<git_repository_free>>;
using Reference = std::unique_ptr<git_reference, Freed<git_reference_free>>;
using ReferenceIterator =
    std::unique_ptr<git_reference_iterator, Freed<git_reference_iterator_free>>;
using Commit = std::unique_ptr<git_commit, Freed<git_commit_free>>;
using Tree = std::unique_ptr<git_tree, Freed<git_tree_free>>;
using Blob = std::unique_ptr<git_blob, Freed<git_blob_free>>;
using Object = std::unique_ptr<git_object, Freed<git_object_free>>;
using ObjectDatabase = std::unique_ptr<git_odb, Freed<git_odb_free>>;
using Config = std::unique_ptr<git_config, Freed<git_config_free>>;

// Once a process: starts the library, has it sync what it writes (refs), and keeps it from reading
// the configuration of whoever runs us.
void start();

ObjectId id_of(const git_oid& oid);
git_oid oid_of(const ObjectId& id);

// The error that the library noted last on this thread; `code` is what its function returned.
Error last_error(int code, std::string tried, std::string on);

}  // namespace stemma::store::git
