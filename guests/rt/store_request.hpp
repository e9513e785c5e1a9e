#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <string_view>

#include "xs_wire/error.hpp"
#include "xs_wire/message.hpp"

namespace stemma::rt {

// A transaction that the server has begun; 0 is none.
struct Transaction {
    std::uint32_t id = 0;
};

// Why a request failed: the server answered an error, or the connection ended before an answer.
struct StoreError {
    xs::Error code = xs::Error::eio;
    bool connection_lost = false;

    bool is(xs::Error error) const { return !connection_lost && code == error; }
};

// The payload of the reply, gone when the handler returns.
using StoreResult = std::expected<std::string_view, StoreError>;

// Called once for each request that was taken, never from within the call that submitted it. It may
// submit further requests. What it captures must outlive the store.
using StoreHandler = std::function<void(StoreResult)>;
using TransactionHandler = std::function<void(std::expected<Transaction, StoreError>)>;
// Called with the path that changed: as long as the watch's own path is relative, so is this.
using WatchHandler = std::function<void(std::string_view path)>;

// One request before it is framed: the payload is `path`, a NUL, `rest`, and for some operations
// another NUL.
struct StoreRequest {
    xs::MessageType type{};
    Transaction transaction;
    std::string_view path;
    std::string_view rest;
    bool rest_is_string = false;  // a NUL follows `rest`

    std::size_t payload_size() const { return path.size() + 1 + rest.size() + rest_is_string; }
};

}  // namespace stemma::rt
