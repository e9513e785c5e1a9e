#include "fake_store.hpp"

#include <algorithm>
#include <utility>

#include "xs_wire/path.hpp"

namespace stemma::rt {

using xs::Error;
using xs::MessageType;

namespace {

using Tree = FakeStore::Tree;

std::unexpected<StoreError> error(Error code) {
    return std::unexpected(StoreError{code, false});
}

bool is_path(std::string_view path) {
    return xs::is_absolute_path(path) || xs::is_relative_path(path);
}

// The node and its missing parents; "" for a parent that is created on the way.
void create(Tree& tree, std::string_view path, std::string_view value, bool overwrite) {
    for (auto up = path; up.find('/', 1) != std::string_view::npos;) {
        up = up.substr(0, up.rfind('/'));
        if (up.empty()) break;
        tree.try_emplace(std::string(up));
    }
    const auto [place, fresh] = tree.try_emplace(std::string(path), value);
    if (!fresh && overwrite) place->second = value;
}

void erase(Tree& tree, std::string_view path) {
    std::erase_if(tree, [&](const auto& node) { return xs::is_same_or_below(node.first, path); });
}

bool has_parent(const Tree& tree, std::string_view path) {
    const auto slash = path.rfind('/');
    return slash == std::string_view::npos || slash == 0 || tree.contains(path.substr(0, slash));
}

std::vector<std::string> children_of(const Tree& tree, std::string_view path) {
    const std::string prefix = std::string(path) + "/";
    std::vector<std::string> names;
    for (auto at = tree.lower_bound(prefix); at != tree.end() && at->first.starts_with(prefix);
         ++at) {
        if (at->first.find('/', prefix.size()) == std::string::npos) {
            names.push_back(at->first.substr(prefix.size()));
        }
    }
    return names;
}

// A node as a transaction may have relied on it: its value and its children's names.
std::pair<std::optional<std::string>, std::vector<std::string>> view(const Tree& tree,
                                                                     const std::string& path) {
    const auto at = tree.find(path);
    return {at == tree.end() ? std::nullopt : std::optional(at->second), children_of(tree, path)};
}

}  // namespace

std::size_t FakeStore::room() const {
    return connected_ && outstanding_ < outstanding_max ? outstanding_max - outstanding_ : 0;
}

bool FakeStore::submit(const StoreRequest& request, StoreHandler done) {
    if (room() == 0 || request.payload_size() > xs::payload_max) return false;
    ++requests;
    ++requests_by_type[request.type];
    ++outstanding_;
    auto answer = perform(request);
    deliveries_.push_back([this, answer = std::move(answer), done = std::move(done)](bool lost) {
        --outstanding_;
        if (lost) return done(std::unexpected(StoreError{Error::eio, true}));
        if (!answer) return done(std::unexpected(answer.error()));
        done(std::string_view(*answer));
    });
    drain_if_immediate();
    return true;
}

FakeStore::Answer FakeStore::perform(const StoreRequest& request) {
    if (auto& queue = failures_[request.type]; !queue.empty()) {
        const auto code = queue.front();
        queue.pop_front();
        if (request.type == MessageType::transaction_end) {
            transactions_.erase(request.transaction.id);
        }
        return error(code);
    }
    if (request.type == MessageType::transaction_start) {
        transactions_[next_transaction_] = {tree_, tree_, {}, {}, {}};
        return std::to_string(next_transaction_++) + '\0';
    }
    if (request.type == MessageType::transaction_end) return end_transaction(request);
    if (request.type == MessageType::watch || request.type == MessageType::unwatch) {
        return std::string("OK\0", 3);
    }
    if (!is_path(request.path)) return error(Error::einval);
    if (request.transaction.id == 0) return perform_on_tree(request, tree_, nullptr);
    const auto open = transactions_.find(request.transaction.id);
    if (open == transactions_.end()) return error(Error::enoent);
    return perform_on_tree(request, open->second.tree, &open->second);
}

FakeStore::Answer FakeStore::perform_on_tree(const StoreRequest& request, Tree& tree,
                                             OpenTransaction* transaction) {
    const std::string path(request.path);
    const auto at = tree.find(path);
    const bool exists = at != tree.end();
    const bool only_reads = request.type == MessageType::read ||
                            request.type == MessageType::directory ||
                            request.type == MessageType::directory_part;
    if (transaction != nullptr && only_reads) transaction->relied_on.push_back(path);
    switch (request.type) {
        case MessageType::read:
            if (!exists) return error(Error::enoent);
            return at->second;
        case MessageType::directory:
        case MessageType::directory_part: {
            if (!exists && children_of(tree, path).empty()) return error(Error::enoent);
            std::string names;
            for (const auto& name : children_of(tree, path))
                names.append(name).push_back('\0');
            if (request.type == MessageType::directory) {
                if (names.size() > xs::payload_max) return error(Error::e2big);
                return names;
            }
            const auto offset = std::min(
                static_cast<std::size_t>(std::stoul(std::string(request.rest))), names.size());
            auto part = names.substr(offset, 1000);
            if (offset + part.size() < names.size()) {
                part.resize(part.rfind('\0', part.size() - 1) + 1);
            } else {
                part.push_back('\0');
            }
            return std::string("1").append(1, '\0').append(part);
        }
        case MessageType::write:
        case MessageType::mkdir: {
            const bool is_write = request.type == MessageType::write;
            if (exists && !is_write) return std::string("OK\0", 3);
            auto change = [path, value = std::string(request.rest), is_write](Tree& to) {
                create(to, path, value, is_write);
            };
            if (node_quota != SIZE_MAX && (transaction == nullptr || !quota_at_commit)) {
                Tree after = tree;
                change(after);
                if (after.size() > tree.size() && after.size() > node_quota) {
                    return error(Error::enospc);
                }
            }
            change(tree);
            if (transaction != nullptr) transaction->changes.emplace_back(change);
            changed(path, transaction);
            return std::string("OK\0", 3);
        }
        case MessageType::rm:
            if (!exists) {
                if (!has_parent(tree, path)) return error(Error::enoent);
                return std::string("OK\0", 3);
            }
            erase(tree, path);
            if (transaction != nullptr) {
                transaction->changes.emplace_back([path](Tree& from) { erase(from, path); });
            }
            changed(path, transaction);
            return std::string("OK\0", 3);
        default:
            return error(Error::enosys);
    }
}

FakeStore::Answer FakeStore::end_transaction(const StoreRequest& request) {
    const auto open = transactions_.extract(request.transaction.id);
    if (open.empty()) return error(Error::enoent);
    auto& transaction = open.mapped();
    if (request.path != "T") return std::string("OK\0", 3);
    for (const auto& path : transaction.relied_on) {
        if (view(transaction.base, path) != view(tree_, path)) return error(Error::eagain);
    }
    if (conflicts_ > 0) {
        --conflicts_;
        return error(Error::eagain);
    }
    Tree after = tree_;
    for (const auto& change : transaction.changes)
        change(after);
    if (after.size() > node_quota && after.size() > tree_.size()) return error(Error::enospc);
    tree_ = std::move(after);
    for (const auto& path : transaction.touched)
        fire(path);
    return std::string("OK\0", 3);
}

void FakeStore::changed(std::string_view path, OpenTransaction* transaction) {
    if (transaction == nullptr) return fire(path);
    auto& touched = transaction->touched;
    if (std::find(touched.begin(), touched.end(), path) == touched.end()) {
        touched.emplace_back(path);
    }
}

std::optional<WatchId> FakeStore::watch(std::string_view path, WatchHandler on_event,
                                        StoreHandler done) {
    const auto number = next_watch_++;
    auto answered = [this, number, done = std::move(done)](StoreResult result) {
        if (!result) std::erase_if(watches_, [&](const auto& w) { return w.number == number; });
        done(result);
    };
    const bool was_immediate = std::exchange(immediate, false);
    const bool taken =
        submit({MessageType::watch, {}, path, std::to_string(number), true}, answered);
    immediate = was_immediate;
    if (!taken) return std::nullopt;
    watches_.push_back({number, std::string(path), std::move(on_event)});
    const std::string own_path(path);
    deliveries_.push_back([this, number, own_path](bool lost) {
        for (auto& watch : watches_) {
            if (watch.number == number && !lost) {
                const auto handler = watch.on_event;
                return handler(own_path);
            }
        }
    });
    drain_if_immediate();
    return WatchId{number};
}

bool FakeStore::unwatch(WatchId id, StoreHandler done) {
    if (!submit({MessageType::unwatch, {}, "unwatched", std::to_string(id.number), true},
                std::move(done))) {
        return false;
    }
    std::erase_if(watches_, [&](const auto& watch) { return watch.number == id.number; });
    return true;
}

void FakeStore::fire(std::string_view path) {
    for (const auto& watch : watches_) {
        std::string told;
        if (xs::is_same_or_below(path, watch.path)) {
            told = path;
        } else if (xs::is_same_or_below(watch.path, path) && !tree_.contains(watch.path)) {
            told = watch.path;  // it went with a node above it
        } else {
            continue;
        }
        deliveries_.push_back([this, number = watch.number, told](bool lost) {
            for (const auto& open : watches_) {
                if (open.number == number && !lost) {
                    const auto handler = open.on_event;
                    return handler(told);
                }
            }
        });
    }
    drain_if_immediate();
}

bool FakeStore::step() {
    if (deliveries_.empty()) return false;
    const auto delivery = std::move(deliveries_.front());
    deliveries_.pop_front();
    delivery(false);
    return true;
}

std::size_t FakeStore::run() {
    std::size_t count = 0;
    while (step())
        ++count;
    return count;
}

void FakeStore::drain_if_immediate() {
    if (!immediate || draining_) return;
    draining_ = true;
    run();
    draining_ = false;
}

void FakeStore::disconnect() {
    connected_ = false;
    while (!deliveries_.empty()) {
        const auto delivery = std::move(deliveries_.front());
        deliveries_.pop_front();
        delivery(true);
    }
    watches_.clear();
}

void FakeStore::set(std::string_view path, std::string_view value) {
    create(tree_, path, value, true);
    fire(path);
}

void FakeStore::remove(std::string_view path) {
    erase(tree_, path);
    fire(path);
}

std::optional<std::string> FakeStore::value(std::string_view path) const {
    const auto at = tree_.find(path);
    if (at == tree_.end()) return std::nullopt;
    return at->second;
}

std::vector<std::string> FakeStore::children(std::string_view path) const {
    return children_of(tree_, path);
}

void FakeStore::fail_next(MessageType type, Error code, std::size_t count) {
    auto& queue = failures_[type];
    queue.insert(queue.end(), count, code);
}

}  // namespace stemma::rt
