#include "rt/store.hpp"

#include <array>
#include <charconv>
#include <utility>

namespace stemma::rt {

using xs::MessageType;

bool Store::read(std::string_view path, StoreHandler done, Transaction transaction) {
    return submit({MessageType::read, transaction, path, {}, false}, std::move(done));
}

bool Store::write(std::string_view path, std::string_view value, StoreHandler done,
                  Transaction transaction) {
    return submit({MessageType::write, transaction, path, value, false}, std::move(done));
}

bool Store::mkdir(std::string_view path, StoreHandler done, Transaction transaction) {
    return submit({MessageType::mkdir, transaction, path, {}, false}, std::move(done));
}

bool Store::rm(std::string_view path, StoreHandler done, Transaction transaction) {
    return submit({MessageType::rm, transaction, path, {}, false}, std::move(done));
}

bool Store::directory(std::string_view path, StoreHandler done, Transaction transaction) {
    return submit({MessageType::directory, transaction, path, {}, false}, std::move(done));
}

bool Store::directory_part(std::string_view path, std::size_t offset, StoreHandler done,
                           Transaction transaction) {
    std::array<char, 24> digits;
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), offset).ptr;
    return submit({MessageType::directory_part, transaction, path,
                   std::string_view(digits.data(), end), true},
                  std::move(done));
}

bool Store::start(TransactionHandler done) {
    return submit({MessageType::transaction_start, {}, {}, {}, false}, [done = std::move(done)](
                                                                           StoreResult result) {
        if (!result) return done(std::unexpected(result.error()));
        std::string_view text = *result;
        if (!text.empty() && text.back() == '\0') text.remove_suffix(1);
        Transaction transaction;
        const auto [stopped, error] =
            std::from_chars(text.data(), text.data() + text.size(), transaction.id);
        if (error != std::errc() || stopped != text.data() + text.size() || transaction.id == 0) {
            return done(std::unexpected(StoreError{xs::Error::einval, false}));
        }
        done(transaction);
    });
}

bool Store::commit(Transaction transaction, StoreHandler done) {
    return submit({MessageType::transaction_end, transaction, "T", {}, false}, std::move(done));
}

bool Store::abort(Transaction transaction, StoreHandler done) {
    return submit({MessageType::transaction_end, transaction, "F", {}, false}, std::move(done));
}

std::optional<std::string_view> next_name(std::string_view& names) {
    const auto end = names.find('\0');
    if (end == std::string_view::npos || end == 0) return std::nullopt;
    const auto name = names.substr(0, end);
    names.remove_prefix(end + 1);
    return name;
}

std::optional<DirectoryPart> DirectoryPart::parse(std::string_view payload) {
    const auto end = payload.find('\0');
    if (end == std::string_view::npos || end == 0) return std::nullopt;
    DirectoryPart part;
    part.generation = payload.substr(0, end);
    part.names = payload.substr(end + 1);
    // the list's end is told by one more, empty, string
    if (part.names == std::string_view("\0", 1) ||
        part.names.ends_with(std::string_view("\0\0", 2))) {
        part.names.remove_suffix(1);
        part.last = true;
    }
    return part;
}

}  // namespace stemma::rt
