#include "toolstack/store.hpp"

#include <charconv>
#include <utility>

namespace stemma::toolstack {

namespace {

std::string terminated(std::initializer_list<std::string_view> words) {
    std::string payload;
    for (const auto word : words) {
        payload += word;
        payload += '\0';
    }
    return payload;
}

std::vector<std::string> split_terminated(std::string_view text) {
    std::vector<std::string> words;
    while (!text.empty()) {
        const auto end = text.find('\0');
        words.emplace_back(text.substr(0, end));
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    }
    return words;
}

std::string_view without_terminator(std::string_view text) {
    if (!text.empty() && text.back() == '\0') text.remove_suffix(1);
    return text;
}

StoreResult<void> done(StoreResult<std::string> reply) {
    if (!reply) return std::unexpected(std::move(reply.error()));
    return {};
}

std::string_view meaning(xs::Error code) {
    switch (code) {
        case xs::Error::enoent:
            return "there is no such node";
        case xs::Error::eacces:
            return "permission denied";
        case xs::Error::eagain:
            return "another client changed what was read";
        case xs::Error::enospc:
            return "a quota is exceeded";
        case xs::Error::einval:
            return "the request is not valid";
        default:
            return "";
    }
}

constexpr int transaction_attempts = 100;

}  // namespace

Result<void> to_result(const StoreResult<void>& result) {
    if (!result) return std::unexpected(result.error().error());
    return {};
}

Result<bool> wait_until(Store& store, Deadline deadline,
                        const std::function<Result<bool>()>& holds) {
    for (;;) {
        auto held = holds();
        if (!held || *held) return held;
        const auto event = store.next_event(deadline);
        if (!event) return std::unexpected(event.error().error());
        if (!*event) return false;
    }
}

Error StoreError::error() const {
    Error error{.tried = operation + " in XenStore", .on = path, .cause = cause};
    if (code) {
        error.cause = name(*code);
        if (const auto words = meaning(*code); !words.empty()) {
            error.cause += " (" + std::string(words) + ')';
        }
    } else {
        error.kind = ErrorKind::unavailable;
        error.next = "see whether xenstored runs: xenstore-ls /";
    }
    return error;
}

StoreRequest write_request(std::string_view path, std::string_view value) {
    return {xs::MessageType::write, terminated({path}).append(value), std::string(path)};
}

StoreRequest permissions_request(std::string_view path,
                                 std::initializer_list<xs::PermissionText> permissions) {
    std::string payload = terminated({path});
    for (const auto& permission : permissions)
        payload += terminated({xs::to_string(permission)});
    return {xs::MessageType::set_perms, std::move(payload), std::string(path)};
}

std::vector<StoreResult<std::string>> Store::request_all(TransactionId transaction,
                                                         std::span<const StoreRequest> requests) {
    std::vector<StoreResult<std::string>> replies;
    for (const auto& one : requests)
        replies.push_back(request(one.type, transaction, one.payload, one.path));
    return replies;
}

StoreResult<void> Store::do_all(std::span<const StoreRequest> requests, TransactionId transaction) {
    for (auto& reply : request_all(transaction, requests)) {
        if (!reply) return std::unexpected(std::move(reply.error()));
    }
    return {};
}

StoreResult<std::vector<std::optional<std::string>>> Store::find_all(
    std::span<const std::string> paths, TransactionId transaction) {
    std::vector<StoreRequest> requests;
    for (const auto& path : paths)
        requests.push_back({xs::MessageType::read, terminated({path}), path});
    std::vector<std::optional<std::string>> values;
    for (auto& reply : request_all(transaction, requests)) {
        if (reply) {
            values.emplace_back(std::move(*reply));
        } else if (reply.error().is(xs::Error::enoent)) {
            values.emplace_back();
        } else {
            return std::unexpected(std::move(reply.error()));
        }
    }
    return values;
}

StoreResult<std::string> Store::read(std::string_view path, TransactionId transaction) {
    return request(xs::MessageType::read, transaction, terminated({path}), path);
}

StoreResult<std::optional<std::string>> Store::find(std::string_view path,
                                                    TransactionId transaction) {
    auto value = read(path, transaction);
    if (value) return std::move(*value);
    if (value.error().is(xs::Error::enoent)) return std::nullopt;
    return std::unexpected(std::move(value.error()));
}

StoreResult<void> Store::write(std::string_view path, std::string_view value,
                               TransactionId transaction) {
    const auto one = write_request(path, value);
    return done(request(one.type, transaction, one.payload, path));
}

StoreResult<void> Store::mkdir(std::string_view path, TransactionId transaction) {
    return done(request(xs::MessageType::mkdir, transaction, terminated({path}), path));
}

StoreResult<void> Store::remove(std::string_view path, TransactionId transaction) {
    auto reply = request(xs::MessageType::rm, transaction, terminated({path}), path);
    if (!reply && reply.error().is(xs::Error::enoent)) return {};
    return done(std::move(reply));
}

StoreResult<std::vector<std::string>> Store::list(std::string_view path,
                                                  TransactionId transaction) {
    const auto reply = request(xs::MessageType::directory, transaction, terminated({path}), path);
    if (reply) return split_terminated(*reply);
    if (reply.error().is(xs::Error::enoent)) return std::vector<std::string>();
    if (reply.error().is(xs::Error::e2big)) return list_in_parts(path, transaction);
    return std::unexpected(reply.error());
}

// A reply holds "GENERATION\0" and bytes of the whole list from the offset asked for; one more NUL
// ends the last. A generation that changed means a list that changed: from the start again.
StoreResult<std::vector<std::string>> Store::list_in_parts(std::string_view path,
                                                           TransactionId transaction) {
    std::string names;
    std::string generation;
    for (;;) {
        const auto reply = request(xs::MessageType::directory_part, transaction,
                                   terminated({path, std::to_string(names.size())}), path);
        if (!reply) return std::unexpected(reply.error());
        const auto end = reply->find('\0');
        if (end == std::string::npos) {
            return std::unexpected(StoreError{"list", std::string(path), {}, "malformed reply"});
        }
        if (const auto now = reply->substr(0, end); now != generation) {
            const bool restart = !names.empty();
            generation = now;
            names.clear();
            if (restart) continue;
        }
        std::string_view part = std::string_view(*reply).substr(end + 1);
        const bool last = part.empty() || part == std::string_view("\0", 1) ||
                          part.ends_with(std::string_view("\0\0", 2));
        if (last && !part.empty()) part.remove_suffix(1);
        names += part;
        if (last) return split_terminated(names);
    }
}

StoreResult<void> Store::set_permissions(std::string_view path,
                                         std::initializer_list<xs::PermissionText> permissions,
                                         TransactionId transaction) {
    const auto one = permissions_request(path, permissions);
    return done(request(one.type, transaction, one.payload, path));
}

StoreResult<void> Store::watch(std::string_view path, std::string_view token) {
    return done(request(xs::MessageType::watch, 0, terminated({path, token}), path));
}

StoreResult<void> Store::unwatch(std::string_view path, std::string_view token) {
    return done(request(xs::MessageType::unwatch, 0, terminated({path, token}), path));
}

StoreResult<void> Store::introduce(xs::DomainId domain, std::uint64_t frame, std::uint32_t port) {
    const std::string id = std::to_string(domain);
    return done(request(xs::MessageType::introduce, 0,
                        terminated({id, std::to_string(frame), std::to_string(port)}),
                        "domain " + id));
}

StoreResult<bool> Store::is_introduced(xs::DomainId domain) {
    const std::string id = std::to_string(domain);
    const auto reply =
        request(xs::MessageType::is_domain_introduced, 0, terminated({id}), "domain " + id);
    if (!reply) return std::unexpected(reply.error());
    return without_terminator(*reply) == "T";
}

StoreResult<std::string> Store::control(std::initializer_list<std::string_view> words) {
    std::string shown;
    for (const auto word : words)
        shown += (shown.empty() ? "" : " ") + std::string(word);
    auto reply = request(xs::MessageType::control, 0, terminated(words), shown);
    if (!reply) return reply;
    return std::string(without_terminator(*reply));
}

StoreResult<void> Store::transact(const std::function<StoreResult<void>(TransactionId)>& body) {
    for (int attempt = 1;; ++attempt) {
        const auto started =
            request(xs::MessageType::transaction_start, 0, terminated({""}), "a transaction");
        if (!started) return std::unexpected(started.error());
        TransactionId id = 0;
        const auto digits = without_terminator(*started);
        std::from_chars(digits.data(), digits.data() + digits.size(), id);

        auto result = body(id);
        const auto ended = request(xs::MessageType::transaction_end, id,
                                   terminated({result ? "T" : "F"}), "a transaction");
        const bool again = result ? !ended && ended.error().is(xs::Error::eagain)
                                  : result.error().is(xs::Error::eagain);
        if (again && attempt < transaction_attempts) continue;
        if (!result) return result;
        if (!ended) return std::unexpected(ended.error());
        return {};
    }
}

}  // namespace stemma::toolstack
