#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "rt/store_request.hpp"

namespace stemma::rt {

// Names a watch to unwatch(); never used twice on one store.
struct WatchId {
    std::uint32_t number = 0;
    bool operator==(const WatchId&) const = default;
};

// XenStore as a guest sees it: requests go out at once, one behind the other, and their answers
// come in the same order by callback; nothing blocks. Relative paths ("data/net") are below the
// guest's own /local/domain/N. Called by the guest's one thread only; the edge calls the handlers
// between two calls of Guest::run().
//
// Every request can be refused by `false` (nothing was sent, the handler will not be called): the
// connection is broken, the payload is longer than xs::payload_max, or the bound on outstanding
// requests or on unsent bytes is reached (StoreClient says which). Try again at a later run().
class Store {
  public:
    virtual ~Store() = default;

    // False once the connection broke. Every handler has then been called with connection_lost.
    virtual bool connected() const = 0;
    // How many requests could be submitted now, if they are small.
    virtual std::size_t room() const = 0;

    virtual bool submit(const StoreRequest& request, StoreHandler done) = 0;
    // Watches `path` and all below it. The server sends one event with `path` itself at once; later
    // ones follow every change, the guest's own too. Nothing if refused as above. When `done` tells
    // an error, the watch does not exist.
    virtual std::optional<WatchId> watch(std::string_view path, WatchHandler on_event,
                                         StoreHandler done) = 0;
    // `on_event` is never called again, from now on.
    virtual bool unwatch(WatchId watch, StoreHandler done) = 0;

    // The reply's payload is the value.
    bool read(std::string_view path, StoreHandler done, Transaction transaction = {});
    // Creates the node and its parents when they do not exist.
    bool write(std::string_view path, std::string_view value, StoreHandler done,
               Transaction transaction = {});
    bool mkdir(std::string_view path, StoreHandler done, Transaction transaction = {});
    // With all below it. ENOENT when the parent does not exist either.
    bool rm(std::string_view path, StoreHandler done, Transaction transaction = {});
    // The reply is the children's names, each ended by a NUL: see next_name(). E2BIG when they are
    // over 4,096 bytes: use directory_part().
    bool directory(std::string_view path, StoreHandler done, Transaction transaction = {});
    // Names from byte `offset` of the whole list; the reply is parsed by DirectoryPart::parse().
    bool directory_part(std::string_view path, std::size_t offset, StoreHandler done,
                        Transaction transaction = {});
    bool start(TransactionHandler done);
    // EAGAIN when another's change collided, ENOSPC over quota; the transaction is gone either way.
    bool commit(Transaction transaction, StoreHandler done);
    bool abort(Transaction transaction, StoreHandler done);
};

// Takes the first name off a DIRECTORY reply; nothing at its end.
std::optional<std::string_view> next_name(std::string_view& names);

// A DIRECTORY_PART reply.
struct DirectoryPart {
    std::string_view generation;  // another one than before: the directory changed, start again
    std::string_view names;       // for next_name()
    bool last = false;            // no names follow

    static std::optional<DirectoryPart> parse(std::string_view payload);
};

}  // namespace stemma::rt
