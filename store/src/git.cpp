#include "git.hpp"

#include <cstdio>
#include <cstring>
#include <mutex>

#include "object_sink.hpp"
#include "sha1.hpp"

// git_libgit2_init() reads all certificates that the machine trusts, for connections that nothing
// here makes: three quarters of the time that a command which reads history takes. libgit2 looks
// this up in the program, or in the module that loads it, before mbed TLS.
extern "C" __attribute__((visibility("default"))) int mbedtls_x509_crt_parse_file(void*,
                                                                                  const char*) {
    return -1;
}

namespace stemma::store {
namespace git {

constexpr std::size_t open_packs = 16;

void start() {
    static std::once_flag once;
    std::call_once(once, [] {
        git_libgit2_init();
        git_libgit2_opts(GIT_OPT_ENABLE_FSYNC_GITDIR, 1);
        // Guards a person's git against hooks in a stranger's repository. We run none, the
        // repository is 0700, and in a user namespace its owner may have no name.
        git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, 0);
        // Packs stay open once looked into, and there are up to 256 small ones: a daemon that also
        // holds a descriptor for each client does not want theirs.
        git_libgit2_opts(GIT_OPT_SET_MWINDOW_FILE_LIMIT, open_packs);
        for (const int level : {GIT_CONFIG_LEVEL_PROGRAMDATA, GIT_CONFIG_LEVEL_SYSTEM,
                                GIT_CONFIG_LEVEL_XDG, GIT_CONFIG_LEVEL_GLOBAL}) {
            git_libgit2_opts(GIT_OPT_SET_SEARCH_PATH, level, "");
        }
    });
}

ObjectId id_of(const git_oid& oid) {
    ObjectId id;
    std::memcpy(id.data(), oid.id, id.size());
    return id;
}

git_oid oid_of(const ObjectId& id) {
    git_oid oid;
    std::memcpy(oid.id, id.data(), id.size());
    return oid;
}

Error last_error(int code, std::string tried, std::string on) {
    const git_error* const error = git_error_last();
    const auto kind = code == GIT_ENOTFOUND      ? Error::Kind::not_found
                      : code == GIT_EINVALIDSPEC ? Error::Kind::refused
                                                 : Error::Kind::disk;
    return {kind, std::move(tried), std::move(on),
            error != nullptr && error->message != nullptr ? error->message : "no reason given"};
}

}  // namespace git

std::expected<ObjectId, Error> object_id(ObjectKind kind, std::string_view bytes) {
    if (kind == ObjectKind::tree) {
        char head[32];
        const int size = std::snprintf(head, sizeof head, "tree %zu", bytes.size());
        return sha1({head, static_cast<std::size_t>(size) + 1}, bytes);
    }
    git::start();
    git_oid oid;
    const int code =
        git_odb_hash(&oid, bytes.data(), bytes.size(), static_cast<git_object_t>(kind));
    if (code != 0) return std::unexpected(git::last_error(code, "hash", "an object"));
    return git::id_of(oid);
}

}  // namespace stemma::store
