#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <functional>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "toolstack/error.hpp"
#include "xs_wire/error.hpp"
#include "xs_wire/message.hpp"
#include "xs_wire/path.hpp"
#include "xs_wire/permission.hpp"

namespace stemma::toolstack {

// Why a request to xenstored failed: with the error that it answered, or without a code when the
// connection itself failed.
struct StoreError {
    std::string operation;
    std::string path;
    std::optional<xs::Error> code = {};
    std::string cause = {};  // of a connection that failed

    bool is(xs::Error error) const { return code == error; }
    // As the command line shows it.
    Error error() const;
};

template <typename T>
using StoreResult = std::expected<T, StoreError>;

// For callers that have nothing to do with an error but to tell it.
Result<void> to_result(const StoreResult<void>& result);

using TransactionId = std::uint32_t;  // 0: outside any
using Deadline = std::chrono::steady_clock::time_point;

// One of several requests that are sent together.
struct StoreRequest {
    xs::MessageType type{};
    std::string payload;
    std::string path;  // only for the error
};
StoreRequest write_request(std::string_view path, std::string_view value);
// The first entry is the owner and what others may do.
StoreRequest permissions_request(std::string_view path,
                                 std::initializer_list<xs::PermissionText> permissions);

struct WatchEvent {
    std::string path;
    std::string token;
};

// XenStore as dom0 sees it, one request at a time. Abstract so that tests can put a tree in memory
// behind it; the real one is SocketStore. Paths are absolute and well-formed.
class Store {
  public:
    virtual ~Store() = default;

    // Sends one request and waits for its reply; an ERROR reply becomes a StoreError with its code.
    // `path` is only for the error.
    virtual StoreResult<std::string> request(xs::MessageType type, TransactionId transaction,
                                             std::string_view payload, std::string_view path) = 0;
    // Does all of them in their order; a reply or an error for each. Over a socket they are on
    // their way together, and what is waited for is one round trip.
    virtual std::vector<StoreResult<std::string>> request_all(
        TransactionId transaction, std::span<const StoreRequest> requests);
    // Waits for a watch event; nothing when `deadline` comes first.
    virtual StoreResult<std::optional<WatchEvent>> next_event(Deadline deadline) = 0;

    StoreResult<std::string> read(std::string_view path, TransactionId transaction = 0);
    // As read(), but nothing where there is no such node.
    StoreResult<std::optional<std::string>> find(std::string_view path,
                                                 TransactionId transaction = 0);
    // As find(), of many.
    StoreResult<std::vector<std::optional<std::string>>> find_all(
        std::span<const std::string> paths, TransactionId transaction = 0);
    // As request_all(), for requests whose replies say nothing: the first error.
    StoreResult<void> do_all(std::span<const StoreRequest> requests, TransactionId transaction = 0);
    StoreResult<void> write(std::string_view path, std::string_view value,
                            TransactionId transaction = 0);
    StoreResult<void> mkdir(std::string_view path, TransactionId transaction = 0);
    // With everything below; no error where there is no such node.
    StoreResult<void> remove(std::string_view path, TransactionId transaction = 0);
    // Names of the children in order of creation, however many; none where there is no such node.
    StoreResult<std::vector<std::string>> list(std::string_view path,
                                               TransactionId transaction = 0);
    // The first entry is the owner and what others may do.
    StoreResult<void> set_permissions(std::string_view path,
                                      std::initializer_list<xs::PermissionText> permissions,
                                      TransactionId transaction = 0);
    StoreResult<void> watch(std::string_view path, std::string_view token);
    StoreResult<void> unwatch(std::string_view path, std::string_view token);
    StoreResult<void> introduce(xs::DomainId domain, std::uint64_t frame, std::uint32_t port);
    StoreResult<bool> is_introduced(xs::DomainId domain);
    // Words as in "snapshot", "before-change"; the reply's text.
    StoreResult<std::string> control(std::initializer_list<std::string_view> words);

    // Runs `body` in a transaction and commits, again from the start after EAGAIN, up to 100 times.
    // When `body` fails the transaction is aborted and its error returned.
    StoreResult<void> transact(const std::function<StoreResult<void>(TransactionId)>& body);

  private:
    StoreResult<std::vector<std::string>> list_in_parts(std::string_view path,
                                                        TransactionId transaction);
};

// Looks whether something holds, and again at each event of the watches that the caller has set.
// False when it did not come to hold by `deadline`; an error of the look ends it.
Result<bool> wait_until(Store& store, Deadline deadline,
                        const std::function<Result<bool>()>& holds);

}  // namespace stemma::toolstack
